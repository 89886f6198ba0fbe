"""Files: stored after an upload, sent with messages, and downloaded by participants."""
