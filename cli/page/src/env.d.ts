/** Values that the build fills in. */
interface ImportMeta {
  readonly env: {
    readonly BASE_URL: string;
    readonly PROD: boolean;
    /** Folder of ONNX Runtime's files, beside the page. */
    readonly RUNTIME: string;
  };
}
