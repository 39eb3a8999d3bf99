"""The bot for assistants that speak MCP: tools to search, ask and read, each as far as its caller may go."""
