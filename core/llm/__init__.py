"""Ask a member a prompt; get text, usage and cost, or a typed failure. Each concern can be read alone."""
