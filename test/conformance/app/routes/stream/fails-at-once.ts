export const GET = () => {
  throw new Error("the secret reason");
};
