"""What readers see: words in each language, numbers and dates as they are written, and one table for all forms."""
