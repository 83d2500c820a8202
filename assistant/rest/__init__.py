"""The assistant over HTTP: questions, the chat stream, conversations, an OpenAI-compatible endpoint, the page."""
