/*
 * ca_command.c - see ca_command.h.
 *
 * The options are the master's own, so that a configuration file says the same to both; -o is taken out before.
 * init needs the lock of the state directory, show and export read what is public and run beside a master.
 */
#include "master/ca_command.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/daemon_files.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/opt_complete.h"
#include "common/str.h"
#include "master/ca.h"
#include "master/options.h"
#include "wire/identity.h"

struct request {
	struct options o;
	bool json;
};

/* ---- init ---- */

/* Made, looked through and locked, as a master does it. */
static int take_state_dir(const char *dir, int *lock, char **error)
{
	static const char *const files[] = { "master.pid", "cluster", "ca.key", "ca.crt", "master.key", "master.crt", NULL };
	int status = daemon_files_make_dir(dir, 0700, error);

	if (status == EXIT_OK)
		status = daemon_files_check(dir, files, error);
	if (status == EXIT_OK)
		status = daemon_files_lock(dir, files[0], "master", lock, error);
	return status;
}

static int make(const struct options *o, char **error)
{
	struct ca *ca = NULL;
	char *nothing = NULL;
	bool was_there = ca_look(o->own_state_dir, &ca, &nothing) == EXIT_OK;
	int status;

	free(nothing);
	ca_free(ca);
	status = ca_open(o->own_state_dir, o->ca_key, &ca, error);
	if (status != EXIT_OK)
		return status;
	if (ca_refresh_leaf(ca, wall_s(), error) < 0)
		status = EXIT_FAILED;
	else
		printf("%s: cluster %s\nCA fingerprint: %s\n", was_there ? "the CA was there already" : "the CA is made",
		       ca_cluster(ca), ca_fingerprint(ca));
	ca_free(ca);
	return status;
}

static int init(const struct request *r, char **error)
{
	int lock = -1;
	int status = take_state_dir(r->o.own_state_dir, &lock, error);

	if (status == EXIT_OK)
		status = make(&r->o, error);
	fd_close(&lock);
	return status;
}

/* ---- show ---- */

static const char *date(int64_t s, char out[32])
{
	time_t at = (time_t)s;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || !strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
		strcpy(out, "?");
	return out;
}

static void show_text(const struct ca *ca, const struct wire_identity *leaf, const char *missing)
{
	char from[32], to[32];

	printf("cluster:      %s\n", ca_cluster(ca));
	printf("fingerprint:  %s\n", ca_fingerprint(ca));
	printf("certificate:  %s\n", ca_cert_file(ca));
	printf("valid:        %s to %s\n", date(ca_not_before(ca), from), date(ca_not_after(ca), to));
	if (missing)
		printf("master:       no certificate (%s)\n", missing);
	else
		printf("master:       %s, serial %s, valid %s to %s\n", leaf->name, leaf->serial, date(leaf->not_before_s, from),
		       date(leaf->not_after_s, to));
}

static void show_json(const struct ca *ca, const struct wire_identity *leaf, const char *missing)
{
	char from[32], to[32];
	json_t *master = missing ? json_null() :
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", leaf->name, "serial", leaf->serial, "key", leaf->key, "not_before",
			  date(leaf->not_before_s, from), "not_after", date(leaf->not_after_s, to));
	json_t *all = json_pack("{s:s, s:s, s:s, s:o}", "cluster", ca_cluster(ca), "fingerprint", ca_fingerprint(ca),
				"certificate", ca_cert_file(ca), "master", master);

	json_object_set_new(all, "not_before", json_string(date(ca_not_before(ca), from)));
	json_object_set_new(all, "not_after", json_string(date(ca_not_after(ca), to)));
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

static int show(const struct request *r, char **error)
{
	struct wire_identity leaf = { 0 };
	char *missing = NULL;
	struct ca *ca;
	int status = ca_look(r->o.own_state_dir, &ca, error);

	if (status != EXIT_OK)
		return status;
	if (identity_read_certificate(ca_leaf_file(ca), &leaf, &missing) && !missing)
		missing = mem_strdup("it cannot be read");
	(r->json ? show_json : show_text)(ca, &leaf, missing);
	free(missing);
	ca_free(ca);
	return EXIT_OK;
}

/* ---- export ---- */

/* The file byte for byte: it is one certificate, ca_look() has read it. */
static int export(const struct request *r, char **error)
{
	struct buf pem = { 0 };
	struct ca *ca;
	int err, status = ca_look(r->o.own_state_dir, &ca, error);

	if (status != EXIT_OK)
		return status;
	err = fd_read_file(ca_cert_file(ca), 64 * 1024, &pem);
	if (err) {
		*error = mem_printf("%s: cannot be read: %s", ca_cert_file(ca), strerror(-err));
		status = EXIT_FAILED;
	} else {
		fwrite(buf_data(&pem), 1, buf_len(&pem), stdout);
	}
	buf_done(&pem);
	ca_free(ca);
	return status;
}

/* ---- the command line ---- */

static const struct {
	const char *name, *help;
	int (*run)(const struct request *r, char **error);
} commands[] = {
	{ "init", "make the CA, if there is none", init },
	{ "show", "show its cluster, fingerprint and dates", show },
	{ "export", "write its certificate to standard output, in PEM", export },
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static const char *const formats[] = { "text", "json" };
enum { N_FORMATS = sizeof formats / sizeof *formats };

static int print_help(void)
{
	printf("Usage: slothd-master ca COMMAND [--state-dir DIR] [--ca-key FILE] [-o json]\n\n"
	       "The certificate authority of a master.\n\nCommands:\n");
	for (int i = 0; i < N_COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	printf("\nThe options are those of slothd-master; -o json is for show.\nSee slothd-master(8).\n");
	return EXIT_OK;
}

/* Takes "-o FORMAT" out of the words. 0, or -EINVAL with *error. */
static int take_format(int *argc, char **argv, bool *json, char **error)
{
	int n = 1;

	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "-o") != 0) {
			argv[n++] = argv[i];
			continue;
		}
		i++;
		if (i == *argc || (strcmp(argv[i], "json") != 0 && strcmp(argv[i], "text") != 0)) {
			*error = mem_strdup("-o: the formats are text and json");
			return -EINVAL;
		}
		*json = strcmp(argv[i], "json") == 0;
	}
	*argc = n;
	argv[n] = NULL;
	return 0;
}

static int find(const char *name, char **error)
{
	for (int i = 0; name && i < N_COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return i;
	*error = name ? mem_printf("ca %s: the commands are init, show and export", str_quote(name)) :
		mem_strdup("ca: one of init, show and export is missing");
	return -EINVAL;
}

static int flush(char **error)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_OK;
	*error = mem_printf("standard output cannot be written: %s", strerror(errno));
	return EXIT_FAILED;
}

static int run(int command, int argc, char **argv, char **error)
{
	struct request r = { .json = false };
	int status = EXIT_BAD_USAGE;

	if (take_format(&argc, argv, &r.json, error) == 0) {
		status = options_load(&r.o, argc, argv, error);
		if (status == EXIT_OK && r.o.help)
			status = print_help();
		else if (status == EXIT_OK && r.o.version)
			printf("slothd-master %s\n", SLOTH_VERSION);
		else if (status == EXIT_OK)
			status = commands[command].run(&r, error);
	}
	options_done(&r.o);
	return status == EXIT_OK ? flush(error) : status;
}

bool ca_complete(int argc, char **argv)
{
	struct opt_complete c = { .to = stdout };
	const char *word = argc > 2 ? argv[argc - 1] : "-";

	if (argc < 3 || strcmp(argv[1], "__complete") != 0 || *word == '-')
		return false;
	if (argc == 3) {
		opt_complete_print(&c, word, "ca", "the certificate authority: init, show, export");
		return true;
	}
	if (strcmp(argv[2], "ca") != 0)
		return false;
	for (int i = 0; argc == 4 && i < N_COMMANDS; i++)
		opt_complete_print(&c, word, commands[i].name, commands[i].help);
	for (int i = 0; strcmp(argv[argc - 2], "-o") == 0 && i < N_FORMATS; i++)
		opt_complete_print(&c, word, formats[i], NULL);
	return argc == 4 || strcmp(argv[argc - 2], "-o") == 0;
}

int ca_command(int argc, char **argv)
{
	char *error = NULL;
	int command, status = EXIT_BAD_USAGE;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return print_help();
	command = find(argc > 1 ? argv[1] : NULL, &error);
	if (command >= 0)
		status = run(command, argc - 1, argv + 1, &error);
	if (status != EXIT_OK)
		fprintf(stderr, "slothd-master: %s\n", error);
	if (status == EXIT_BAD_USAGE)
		fprintf(stderr, "Try: slothd-master ca --help\n");
	free(error);
	return status;
}
