"""What a command leaves behind: its tables and its pictures."""
