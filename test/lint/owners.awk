# owners.awk - what only one file may know: each row of BEGIN names a word and the files that may have it.

BEGIN {
	own("^#[ \t]*include[ \t]*<nghttp2/", "^wire/h2(_send)?\\.c$|^wire/h2_session\\.h$", "nghttp2")
	own("^#[ \t]*include[ \t]*<openssl/", "^(wire/(tls(_io|_verify|_session)?|identity|x509)\\.[ch]|master/ca\\.c)$", "OpenSSL")
	own("^#[ \t]*include[ \t]*<sqlite3\\.h>", "^master/store(_[a-z]+)?\\.[ch]$", "SQLite")
	own("\"[^\"]*(SELECT|INSERT INTO|CREATE TABLE|DELETE FROM|UPDATE [a-z_]+ SET|PRAGMA) ", "^master/store(_[a-z]+)?\\.[ch]$", "SQL")
	own("(^|[^A-Za-z0-9_])(v?fork|posix_spawnp?|exec[lv][pe]?e?|execveat|fexecve|system|popen|clone3?)[ \t]*\\(",
	    "^(agent/spawn\\.c|agent/supervise/.*|common/daemon\\.c|cli/(.*_)?exec\\.c)$", "starting processes")
	own("(^|[^A-Za-z0-9_])ev_(default_loop|break|child_init|signal_default)[ \t]*\\(", "^$", "this libev call")
	own("^#[ \t]*include[ \t]*<libsmartcols/", "^cli/table\\.c$", "libsmartcols")
	own("^#[ \t]*include[ \t]*<ares\\.h>", "^wire/", "c-ares")
}

function own(pattern, files, what) { n++; word[n] = pattern; owner[n] = files; name[n] = what }

FNR == 1 { in_comment = 0 }
{
	line = $0
	if (in_comment) {
		if (!match(line, /\*\//))
			next
		line = substr(line, RSTART + 2)
		in_comment = 0
	}
	gsub(/\/\*([^*]|\*[^\/])*\*\//, "", line)
	if ((at = index(line, "/*"))) {
		line = substr(line, 1, at - 1)
		in_comment = 1
	}
	for (i = 1; i <= n; i++)
		if (line ~ word[i] && FILENAME !~ owner[i]) {
			printf "%s:%d: %s is not this file's business: %s\n", FILENAME, FNR, name[i], $0
			bad = 1
		}
}
END { exit bad }
