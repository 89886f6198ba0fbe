"""Files: kept after an upload, sent with messages, and given to those in the conversation."""
