# sizes.awk - a file has at most 600 lines and a function at most 60, unless the head comment of the file
# says why not in a line with "Crowded: " and a reason. Tests may have 900 lines.

function limit(path) { return path ~ /^test\// ? 900 : 600 }

function close_file()
{
	if (file != "" && lines > limit(file) && !excused) {
		printf "%s: %d lines, at most %d\n", file, lines, limit(file)
		bad = 1
	}
}

FNR == 1 { close_file(); file = FILENAME; excused = 0; start = 0 }
FNR < 60 && /Crowded: [a-z]/ { excused = 1 }
{ lines = FNR }
/^\{/ { start = FNR }
/^\}/ {
	if (start && FNR - start - 1 > 60 && !excused) {
		printf "%s:%d: a function of %d lines, at most 60\n", FILENAME, start, FNR - start - 1
		bad = 1
	}
	start = 0
}
END { close_file(); exit bad }
