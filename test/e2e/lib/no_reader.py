"""no_reader.py COMMAND...: becomes the command, its stdout a pipe whose reader has gone."""
import os
import sys

reader, writer = os.pipe()
os.close(reader)
os.dup2(writer, 1)
os.execvp(sys.argv[1], sys.argv[1:])
