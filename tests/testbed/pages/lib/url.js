/** Where the testbed that served the page takes clients. */
export const URL = `ws://${location.host}/livestate`;
