/** The first steps of a new workspace. */

export const first = {
  title: "Getting started",
  progress: (done: number, all: number) => `${done} of ${all}`,
  done: "Done",
  open: "To do",
  dismiss: "Don’t show this again",
  steps: {
    connect: { title: "Connect a channel", why: "WhatsApp, SMS or email: whatever your customers write to." },
    receive: { title: "Receive a message", why: "Write to your own number or mailbox, and see it arrive." },
    answer: { title: "Answer it", why: "Open the conversation and write back." },
    invite: { title: "Invite a colleague", why: "An inbox is lighter when it is shared." },
  },
};
