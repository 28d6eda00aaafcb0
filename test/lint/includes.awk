# includes.awk - the direction of dependencies: common <- wire <- master | agent | cli, nothing sideways, and
# every include of our own is written from the root. agent/supervise/ is a program of its own: it uses common/, and
# of it the agent knows what both sides agree on.

function folder(path) { return substr(path, 1, index(path, "/") - 1) }

function allowed(from, to)
{
	if (from == to || to == "common" || from == "test")
		return 1
	return to == "wire" && from != "common"
}

function may_cross(from, to)
{
	if (from ~ /^agent\/supervise\//)
		return to ~ /^(agent\/supervise|common)\//
	return to !~ /^agent\/supervise\// || from ~ /^test\// || to ~ /\/(supervise|spec)\.h$/
}

FNR == 1 { here = folder(FILENAME) }

/^#[ \t]*include[ \t]+"/ {
	split($0, part, "\"")
	to = folder(part[2])
	if (part[2] ~ /(^|\/)\.\.?\// || to == "")
		problem("is not written from the root: " part[2])
	else if (!allowed(here, to))
		problem(here " may not use " to ": " part[2])
	else if (!may_cross(FILENAME, part[2]))
		problem("crosses the border of agent/supervise/: " part[2])
}

function problem(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; bad = 1 }
END { exit bad }
