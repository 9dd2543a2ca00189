/** The login. */

export const login = {
  title: "Log in to Postgate",
  email: "Email",
  password: "Password",
  submit: "Log in",
  busy: "Logging in…",
  ended: "Your session ended. Log in to go back to where you were.",
  wrong: "That email and password do not match. Check both and try again.",
  tooMany: (seconds: number | null) =>
    seconds === null
      ? "Too many tries. Wait a moment, then try again."
      : `Too many tries. Try again in ${seconds} s.`,
  hint: "Started with “postgate up”? It printed a login in your terminal.",
};
