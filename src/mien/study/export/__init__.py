"""Files for the tools that researchers use: one file a format; `registry` names them."""
