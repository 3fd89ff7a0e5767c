"""An answer and its exit code, in each form: text, JSON, Markdown, JUnit; and what is wrong."""
