"""Files and folders: written whole or not at all, under names that every disk takes."""
