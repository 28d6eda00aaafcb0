# includes.awk - the direction of dependencies: common <- wire <- master | agent | cli, nothing sideways, and
# every include of our own is written from the root.

function folder(path) { return substr(path, 1, index(path, "/") - 1) }

function allowed(from, to)
{
	if (from == to || to == "common" || from == "test")
		return 1
	return to == "wire" && from != "common"
}

FNR == 1 { here = folder(FILENAME) }

/^#[ \t]*include[ \t]+"/ {
	split($0, part, "\"")
	to = folder(part[2])
	if (part[2] ~ /(^|\/)\.\.?\// || to == "")
		problem("is not written from the root: " part[2])
	else if (!allowed(here, to))
		problem(here " may not use " to ": " part[2])
}

function problem(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; bad = 1 }
END { exit bad }
