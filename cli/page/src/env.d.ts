/** What the build puts in place of these. */
interface ImportMeta {
  readonly env: { readonly BASE_URL: string; readonly PROD: boolean };
}
