// Vite hands out the address of a style sheet that is imported with ?url.
declare module '*.css?url' {
  const address: string;
  export default address;
}
