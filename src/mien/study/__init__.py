"""Studies of videos: the rows of `mien predict` in; statistics, a page, and files for researchers' tools out."""
