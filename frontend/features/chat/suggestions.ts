import type { Message } from "./store";

/** What one could say to begin with. The chatbot takes each as it stands. */
export const EXAMPLES = [
  "Call Grandma every Sunday at 6pm #family",
  "Send the report on Friday at 3pm, urgent #work",
  "Remind me to water the plants tomorrow at 9",
  "What is due this week?",
  "What repeats?",
];

const CHANGES = new Set(["create_task", "update_task", "complete_task", "reopen_task", "restore_task"]);

/** What one could say next, given the last answer and what it answered. */
export function suggestionsAfter(answer: Message, question: string | undefined): string[] {
  const [first = ""] = answer.text.split("\n");
  const last = answer.text.trimEnd();
  if (/\?\s*(Say yes to \w+\.)?$/.test(first) || last.endsWith("?")) {
    if (/^Which one/.test(first)) return ["The first one", "The second one", "Never mind"];
    if (/^When /.test(first)) return ["Today at 6pm", "Tomorrow", "Next Monday", "Never mind"];
    if (/^(Delete|Complete|Did you mean|Should I add|Move|Set)/.test(first)) return ["Yes", "No"];
    return ["Never mind"];
  }
  const tools = answer.actions.map(({ tool }) => tool);
  if (answer.state === "earlier") return ["What is due today?", "What is overdue?", "How did I do this week?"];
  if (tools.includes("delete_task")) return ["What is due today?", "What is due this week?"];
  if (tools.includes("complete_task")) return ["What is due today?", "How did I do this week?"];
  if (tools.some((tool) => CHANGES.has(tool))) {
    if (answer.actions.length > 1) return ["What is due today?", "What is due this week?"];
    const move = /tomorrow/i.test(first) ? "Move it to next Monday" : "Move it to tomorrow";
    return /urgent/i.test(first) ? [move, "What is due today?"] : [move, "Make it urgent", "What is due today?"];
  }
  if (first.startsWith("I did not understand") && question && question.length <= 60 && !question.includes("\n")) return [`Add ${question}`, "Help"];
  if (answer.tasks && answer.tasks.length > 0) return ["Complete the first one", "Move the first one to tomorrow", "What is overdue?"];
  return ["What is due today?", "What is due this week?", "What is overdue?"];
}
