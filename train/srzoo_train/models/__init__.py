"""Networks, in the layouts that their systems publish, and compact ones of our own."""
