# Sloth: one plain makefile for everything.
#
#   make            build/bin/sloth, build/sbin/slothd-master, build/sbin/slothd-agent; build/libexec/sloth: what they use
#   make demo       install what is missing, build, show the whole thing working on this machine
#   make check      install what the tests need, build, run every test; closes with "N passed, N failed"
#   make system-test  the units on booted Debian 12 and 13 (root; a network the first time)
#   make interop    client, server and daemons against other implementations of gRPC
#   make static     build/share/sloth/dist: the agent as a file that needs nothing, which masters hand out
#   make install    DESTDIR, PREFIX (default /usr/local), SYSCONFDIR (/etc), UNITDIR; make uninstall takes the same
#   make dist       build/dist/sloth-VERSION.tar.xz, the same bytes every time
#   make deb        packages of Debian in build/deb, without root
#   make package-test  lint and a second build of them, and machines on which they are installed (root)
#   make bench      speed and memory as ratios against things run beside it
#   make bench-peers  the wire beside peers of Debian's; deps-peers installs them
#   make soak       long runs (MINUTES=10)
#   make soak-matrix  every cell of the fault matrix, ROUNDS=1 times, with MATRIX_MIB=256 of output
#   make abuse      the attacks of make check by more attackers (JOBS_ABUSE=16) for longer (ROUNDS_ABUSE=20)
#   make fuzz       every fuzz target for SECONDS=60
#   V=1 shows commands, SAN=1 builds with ASan and UBSan into build/san.

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
B       := $(BUILD)$(if $(SAN),/san)
MINUTES ?= 10
ROUNDS  ?= 1
MATRIX_MIB ?= 256
JOBS    ?= $(shell nproc)
JOBS_ABUSE ?= 16
ROUNDS_ABUSE ?= 20

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
Q := $(if $(V),,@)
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),@:,@printf '  %-6s %s\n' $(1) $(2))

# Debian 12 package names. The deps step installs the ones that are missing.
DEPS_BUILD := gcc libc6-dev make pkg-config libnghttp2-dev libev-dev libprotobuf-c-dev protobuf-c-compiler \
	libc-ares-dev libsqlite3-dev libsmartcols-dev libjansson-dev libssl-dev zlib1g-dev libzstd-dev bash
DEPS_CHECK := check valgrind clang-tidy cppcheck mandoc shellcheck procps tmux python3-minimal libclang-rt-14-dev clang \
	util-linux iproute2 openssl python3-grpcio python3-grpc-tools bats busybox curl wget
DEPS_SYSTEM := debootstrap systemd-container debian-archive-keyring iproute2 util-linux netcat-openbsd
DEPS_INTEROP := g++ libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
DEPS_DEB := debhelper dpkg-dev build-essential xz-utils
DEPS_PACKAGE := lintian
# What bench-peers measures beside us. It installs none of them and skips what is missing.
DEPS_PEERS := nghttp2-server nghttp2-client openssh-server openssh-client pdsh clustershell ansible-core \
	g++ libgrpc++-dev protobuf-compiler protobuf-compiler-grpc golang-go golang-google-grpc-dev golang-goprotobuf-dev

# What test/system wants beside that: networks, web servers and forwards of its own, a repository to clone.
DEPS_SYSTEM += nftables socat python3 curl git xz-utils

CC       ?= gcc
ifeq ($(origin CC),default)
CC       := gcc
endif
# What uname -m says on the machines that programs of $(CC) are for.
ARCH     := $(patsubst arm,armv7l,$(patsubst powerpc%,ppc%,$(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))))
# The sanitized tree is built with -O1 and names of lines only: a third less processor time. There gcc sees truncation
# where there can be none.
OPT      ?= $(if $(SAN),-O1 -Wno-format-truncation,-O2)
,        := ,
SECONDS  ?= 60
SANFLAGS := $(if $(FUZZ),-fsanitize=fuzzer-no-link$(,)address$(,)undefined -fno-sanitize-recover=undefined)$(if $(SAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wpointer-arith \
	-Wwrite-strings -Wvla -Wformat=2 -Wno-strict-aliasing $(if $(WERROR),-Werror)
# dpkg-buildflags asks for the second level of _FORTIFY_SOURCE only, hence the -U.
HARDEN   := $(if $(FUZZ),,-fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero \
	$(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3) $(if $(filter x86_64 i686,$(ARCH)),-fcf-protection) \
	$(if $(filter aarch64,$(ARCH)),-mbranch-protection=standard))
CPPFLAGS += -D_GNU_SOURCE -DSLOTH_VERSION='"$(VERSION)"' -I. -I$(B)/gen
CFLAGS   += -std=c11 $(OPT) $(if $(SAN),-g1,-g) -fPIE $(WARN) $(HARDEN) $(SANFLAGS)
LDFLAGS  += -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANFLAGS)
# Tests and the sanitized tree link more than a hundred programs: in half the time with gold, where it is there.
LD_FAST  := $(and $(shell command -v ld.gold),-fuse-ld=gold)
LDFLAGS  += $(if $(SAN),$(LD_FAST))

LIBS_WIRE   := -lnghttp2 -lev -lprotobuf-c -lcares -lm
LIBS_TLS    := -lssl -lcrypto
LIBS_MASTER := $(LIBS_WIRE) $(LIBS_TLS) -lsqlite3 -ljansson
LIBS_AGENT  := $(LIBS_WIRE) $(LIBS_TLS) -ljansson
LIBS_CLI    := $(LIBS_WIRE) -ljansson -lsmartcols
# That OpenSSL, as an archive, wants zlib and zstd is so since Debian 13.
LIBS_STATIC  = $(LIBS_AGENT) $(shell pkg-config --static --libs-only-l libssl)

# ---- generated: messages and the descriptor set that reflection serves ----

PROTOS    := $(wildcard wire/proto/*.proto)
# v1alpha has the same messages as v1, only its descriptor is needed.
PROTO_C   := $(patsubst %.proto,$(B)/gen/%.pb-c.c,$(filter-out %alpha.proto,$(PROTOS)))
PROTO_O   := $(PROTO_C:.c=.o)
PROTO_H   := $(PROTO_C:.c=.h)

$(B)/gen/%.pb-c.c $(B)/gen/%.pb-c.h &: %.proto
	$(call say,PROTO,$<)
	$(Q)mkdir -p $(B)/gen
	$(Q)protoc-c --c_out=$(B)/gen -I. $<

# A descriptor set of all prerequisites, as a C file.
define descriptors
	$(call say,PROTO,$@)
	$(Q)mkdir -p $(@D)/discarded
	$(Q)protoc-c -I. --include_imports --descriptor_set_out=$(@:.c=.bin) --c_out=$(@D)/discarded $^
	$(Q)rm -rf $(@D)/discarded
	$(Q){ echo '#include "wire/reflection.h"'; echo 'const uint8_t reflection_descriptors[] = {'; \
	   od -An -v -tx1 $(@:.c=.bin) | sed 's/ \(..\)/0x\1,/g'; echo '};'; \
	   echo 'const size_t reflection_descriptors_len = sizeof reflection_descriptors;'; } > $@
endef
$(B)/gen/descriptors.c: $(PROTOS)
	$(descriptors)

# ---- objects and libraries: one archive per folder ----

COMMON_O := $(patsubst %.c,$(B)/%.o,$(wildcard common/*.c))
WIRE_O   := $(patsubst %.c,$(B)/%.o,$(wildcard wire/*.c)) $(PROTO_O) $(B)/gen/descriptors.o
MASTER_O := $(patsubst %.c,$(B)/%.o,$(wildcard master/*.c))
AGENT_O  := $(patsubst %.c,$(B)/%.o,$(wildcard agent/*.c))
SUPERVISE_O := $(patsubst %.c,$(B)/%.o,$(wildcard agent/supervise/*.c))
CLI_O    := $(patsubst %.c,$(B)/%.o,$(wildcard cli/*.c))
CLI_TLS_O := $(patsubst %.c,$(B)/%.o,$(wildcard cli/tls/*.c))

$(B)/%.o: %.c $(PROTO_H)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/gen/%.o: $(B)/gen/%.c $(PROTO_H)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-conversion -Wno-shadow -MMD -MP -c -o $@ $<

define archive
$(B)/lib$(1).a: $(2)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcsD $$@ $$^
endef
main_o = $(B)/$(1)/main.o
$(eval $(call archive,common,$(COMMON_O)))
$(eval $(call archive,wire,$(WIRE_O)))
$(eval $(call archive,master,$(filter-out $(B)/master/main.o,$(MASTER_O))))
$(eval $(call archive,agent,$(filter-out $(B)/agent/main.o,$(AGENT_O))))
$(eval $(call archive,supervise,$(filter-out $(B)/agent/supervise/main.o,$(SUPERVISE_O))))
$(eval $(call archive,cli,$(filter-out $(B)/cli/main.o,$(CLI_O))))

link = $(Q)mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^)

PROGRAMS := $(B)/bin/sloth $(B)/libexec/sloth/sloth-tls $(B)/libexec/sloth/sloth-supervise $(B)/sbin/slothd-master \
	$(B)/sbin/slothd-agent
all: $(PROGRAMS) $(B)/bin/sloth-runner
lib: $(B)/libcommon.a $(B)/libwire.a

$(B)/sbin/slothd-master: $(B)/master/main.o $(B)/libmaster.a $(B)/libwire.a $(B)/libcommon.a
	$(call say,LINK,$@)
	$(link) $(LIBS_MASTER)
# Of libsupervise.a it has the specification only, which both sides read.
$(B)/sbin/slothd-agent: $(B)/agent/main.o $(B)/libagent.a $(B)/libsupervise.a $(B)/libwire.a $(B)/libcommon.a
	$(call say,LINK,$@)
	$(link) $(LIBS_AGENT)
# One per run: static, so that it starts fast, is small, and needs nothing of an installation that is being replaced.
$(B)/libexec/sloth/sloth-supervise: LDFLAGS := $(if $(SAN),$(LDFLAGS),-static -no-pie $(filter-out -pie,$(LDFLAGS)))
$(B)/libexec/sloth/sloth-supervise: $(B)/agent/supervise/main.o $(B)/libsupervise.a $(B)/libcommon.a
	$(call say,LINK,$@)
	$(link)
$(B)/bin/sloth: $(B)/cli/main.o $(B)/libcli.a $(B)/libwire.a $(B)/libcommon.a
	$(call say,LINK,$@)
	$(link) $(LIBS_CLI)
# What sloth becomes when it needs TLS: the objects come before the library, whose passport_exec.o stays out.
$(B)/libexec/sloth/sloth-tls: $(B)/cli/main.o $(CLI_TLS_O) $(B)/libcli.a $(B)/libwire.a $(B)/libcommon.a
	$(call say,LINK,$@)
	$(link) $(LIBS_CLI) $(LIBS_TLS)
$(B)/bin/sloth-runner: $(B)/bin/sloth
	$(Q)ln -sf sloth $@

# ---- static: what masters hand out to machines that have nothing ----
# The objects are those of the other agent. Stripped by the linker, so that the build id is that of the bytes, and not of
# where they were built. A static program that looks up users or hosts makes the linker warn that it needs the shared
# libraries of its C library after all; this one does not (agent/user.c), so that is left out of what is said. Not by
# --no-warnings, which hides errors, too, and makes a program of what cannot be one.

DIST   := $(B)/share/sloth/dist
STATIC := $(DIST)/$(ARCH)/slothd-agent $(DIST)/$(ARCH)/sloth-supervise
static: $(DIST)/SHA256SUMS $(DIST)/bootstrap.sh
.PHONY: static

$(DIST)/$(ARCH)/slothd-agent: LDFLAGS := -static-pie -s $(filter-out -pie,$(LDFLAGS))
$(DIST)/$(ARCH)/slothd-agent: $(B)/agent/main.o $(B)/libagent.a $(B)/libsupervise.a $(B)/libwire.a $(B)/libcommon.a
	$(if $(SAN),$(error a static program cannot have sanitizers: make static without SAN))
	$(call say,LINK,$@)
	$(link) $(LIBS_STATIC) 2>$@.said || { cat $@.said >&2; rm $@.said; exit 1; }
	$(Q)grep -vE ": in function .*:$$|: warning: Using '[a-z0-9_]+' in statically linked applications" $@.said >&2; rm $@.said
$(DIST)/$(ARCH)/sloth-supervise: LDFLAGS := -static -no-pie -s $(filter-out -pie,$(LDFLAGS))
$(DIST)/$(ARCH)/sloth-supervise: $(B)/agent/supervise/main.o $(B)/libsupervise.a $(B)/libcommon.a
	$(call say,LINK,$@)
	$(link)
# Agents of other architectures that were put there are listed as well.
$(DIST)/SHA256SUMS: $(STATIC)
	$(call say,SUM,$@)
	$(Q)cd $(@D) && sha256sum */slothd-agent */sloth-supervise > SHA256SUMS
$(DIST)/bootstrap.sh: bootstrap.sh systemd/fill_bootstrap.sh systemd/slothd-agent.service $(DIST)/SHA256SUMS
	$(call say,FILL,$@)
	$(Q)./systemd/fill_bootstrap.sh $< $(VERSION) $(DIST)/SHA256SUMS systemd/slothd-agent.service > $@

# ---- tests ----
# A unit or wire test is one program per test_*.c; test/lib/*.c is linked into each.

UNIT_TESTS := $(patsubst %.c,$(B)/%,$(wildcard test/unit/test_*.c))
WIRE_TESTS := $(patsubst %.c,$(B)/%,$(wildcard test/wire/test_*.c))
TEST_LIB_O := $(patsubst %.c,$(B)/%.o,$(wildcard test/lib/*.c))
TEST_TOOLS := $(patsubst test/tools/%.c,$(B)/test/%,$(wildcard test/tools/*.c))
TEST_LIBS  := $(B)/libmaster.a $(B)/libagent.a $(B)/libsupervise.a $(B)/libcli.a $(B)/libwire.a $(B)/libcommon.a

$(B)/test/%: private LDFLAGS += $(if $(SAN)$(FUZZ),,$(LD_FAST))
$(B)/test/unit/test_%: $(B)/test/unit/test_%.o $(TEST_LIB_O) $(TEST_LIBS)
	$(call say,LINK,$@)
	$(link) $(LIBS_MASTER) -lsmartcols -lcheck_pic -lrt -lsubunit -lm
$(B)/test/wire/test_%: $(B)/test/wire/test_%.o $(TEST_LIB_O) $(TEST_LIBS)
	$(call say,LINK,$@)
	$(link) $(LIBS_MASTER) -lsmartcols -lcheck_pic -lrt -lsubunit -lm
# Some start the real program.
$(filter %/test_exec %/test_supervise %/test_supervise_agent %/test_supervise_end,$(UNIT_TESTS)): | $(B)/libexec/sloth/sloth-supervise
# A fuzz target that replays files; `make fuzz` links the same object with libFuzzer instead.
FUZZ_TESTS := $(patsubst %.c,$(B)/%,$(wildcard test/fuzz/fuzz_*.c))
FUZZ_LIB_O := $(B)/test/fuzz/session.o $(B)/test/lib/echo.o $(if $(FUZZ),,$(B)/test/fuzz/replay.o)
$(B)/test/fuzz/fuzz_%: $(B)/test/fuzz/fuzz_%.o $(FUZZ_LIB_O) $(B)/libwire.a $(B)/libcommon.a
	$(call say,LINK,$@)
	$(link) $(if $(FUZZ),-fsanitize=fuzzer) $(LIBS_WIRE)

# Programs that tests and benchmarks run; what is more than one file has a folder of its name.
$(B)/test/mix: $(patsubst %.c,$(B)/%.o,$(wildcard test/tools/mix/*.c))
$(B)/test/fleet: $(patsubst %.c,$(B)/%.o,$(wildcard test/tools/fleet/*.c))
$(B)/test/%: $(B)/test/tools/%.o $(TEST_LIBS)
	$(call say,LINK,$@)
	$(link) $(LIBS_MASTER)

# Client and server of the public gRPC interop cases. The server's reflection knows its service as well.
INTEROP_PROTO  := test/interop/proto/test.proto
INTEROP_H      := $(INTEROP_PROTO:%.proto=$(B)/gen/%.pb-c.h)
INTEROP_O      := $(INTEROP_H:.h=.o) $(B)/test/interop/flags.o
INTEROP_CLIENT := $(patsubst %,$(B)/test/interop/%.o,client cases probe)
INTEROP_SERVER := $(patsubst %,$(B)/test/interop/%.o,server service replies) $(B)/gen/test/interop/descriptors.o
INTEROP        := $(B)/bin/interop_client $(B)/bin/interop_server
$(INTEROP_CLIENT) $(INTEROP_SERVER): $(INTEROP_H)
$(B)/gen/test/interop/descriptors.c: $(PROTOS) $(INTEROP_PROTO)
	$(descriptors)

$(B)/bin/interop_client: $(INTEROP_CLIENT) $(INTEROP_O) $(B)/libwire.a $(B)/libcommon.a
	$(call say,LINK,$@)
	$(link) $(LIBS_WIRE) $(LIBS_TLS)
$(B)/bin/interop_server: $(INTEROP_SERVER) $(INTEROP_O) $(B)/libwire.a $(B)/libcommon.a
	$(call say,LINK,$@)
	$(link) $(LIBS_WIRE) $(LIBS_TLS)

# The same on the C++ gRPC of Debian, which only `make interop` needs.
INTEROP_CPP   := $(B)/test/interop/cpp
$(INTEROP_CPP)/test.grpc.pb.cc: $(INTEROP_PROTO)
	$(call say,PROTO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)protoc -I$(<D) --cpp_out=$(@D) --grpc_out=$(@D) --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin $<
$(INTEROP_CPP)/test.o: $(INTEROP_CPP)/test.grpc.pb.cc
	$(call say,CXX,$<)
	$(Q)cd $(@D) && cat test.pb.cc test.grpc.pb.cc | $(CXX) -std=c++17 -I. -c -o test.o -x c++ -
$(INTEROP_CPP)/%: test/interop/cpp/%.cc $(INTEROP_CPP)/test.o
	$(call say,CXX,$<)
	$(Q)$(CXX) -std=c++17 -Wall -Wextra -I$(@D) -o $@ $^ $$(pkg-config --libs grpc++ protobuf)
interop-cpp: $(INTEROP_CPP)/client $(INTEROP_CPP)/server

# The attacker: what it sends is in test/abuse/, one file for each theme.
ABUSE_O := $(patsubst %.c,$(B)/%.o,$(wildcard test/abuse/*.c))
$(B)/test/attack: $(ABUSE_O) $(B)/test/lib/block.o $(B)/libcommon.a
	$(call say,LINK,$@)
	$(link) -lnghttp2
TEST_TOOLS += $(B)/test/attack

tests: $(INTEROP) $(UNIT_TESTS) $(WIRE_TESTS) $(TEST_TOOLS) $(FUZZ_TESTS)
fuzzers: $(FUZZ_TESTS)
.SECONDARY:

deps-build:
	@./test/lib/deps.sh $(DEPS_BUILD)
deps-check:
	@./test/lib/deps.sh $(DEPS_BUILD) $(DEPS_CHECK)
deps-system:
	@./test/lib/deps.sh $(DEPS_BUILD) $(DEPS_SYSTEM)
deps-interop:
	@./test/lib/deps.sh $(DEPS_BUILD) $(DEPS_CHECK) $(DEPS_INTEROP)
deps-deb:
	@./test/lib/deps.sh $(DEPS_BUILD) $(DEPS_DEB)
deps-package:
	@./test/lib/deps.sh $(DEPS_BUILD) $(DEPS_DEB) $(DEPS_SYSTEM) $(DEPS_PACKAGE)
deps-peers:
	@./test/lib/deps.sh $(DEPS_PEERS)

# The tools that build may only just have been installed: each stage is a make of its own.
demo: deps-build
	@$(MAKE) -j$(JOBS) --no-print-directory all
	@./test/demo.sh $(B)

check: deps-check
	@$(MAKE) -j$(JOBS) --no-print-directory WERROR=1 all static tests
	@$(MAKE) -j$(JOBS) --no-print-directory WERROR=1 SAN=1 all tests
	@./test/run.sh $(BUILD)

# Machines that boot, with what make install puts there.
system-test: deps-system
	@$(MAKE) -j$(JOBS) --no-print-directory all
	@./test/system/run.sh $(BUILD)

# Our client, server and daemons against other implementations of gRPC.
interop: deps-interop
	@$(MAKE) -j$(JOBS) --no-print-directory all tests interop-cpp
	@./test/interop/run.sh $(BUILD)

bench: deps-check
	@$(MAKE) -j$(JOBS) --no-print-directory all tests
	@./test/bench/bench.sh $(B)
	@./test/bench/tls.sh $(B)

bench-peers:
	@$(MAKE) -j$(JOBS) --no-print-directory all $(TEST_TOOLS)
	@./test/bench/peers.sh $(B)

soak: deps-check
	@$(MAKE) -j$(JOBS) --no-print-directory all tests
	@$(MAKE) -j$(JOBS) --no-print-directory SAN=1 all tests
	@./test/e2e/soak.sh $(B) $(MINUTES)

soak-matrix: deps-check
	@$(MAKE) -j$(JOBS) --no-print-directory all tests
	@for round in $$(seq $(ROUNDS)); do SLOTH_BUILD=$(abspath $(B)) MATRIX_MIB=$(MATRIX_MIB) MATRIX_RECONNECT_S=10 ./test/matrix/run.sh -j 6 || exit 1; done

abuse: deps-check
	@$(MAKE) -j$(JOBS) --no-print-directory all tests
	@$(MAKE) -j$(JOBS) --no-print-directory SAN=1 all tests
	@ABUSE_JOBS=$(JOBS_ABUSE) ABUSE_ROUNDS=$(ROUNDS_ABUSE) ./test/run.sh $(BUILD) 'e2e/abuse_*'

# New inputs go below build/, findings beside them; the corpus in the tree is only read.
fuzz: deps-check
	@$(MAKE) -j$(JOBS) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang FUZZ=1 fuzzers
	@set -e; for t in $(notdir $(FUZZ_TESTS)); do d=$(BUILD)/fuzz/found/$$t; mkdir -p $$d; \
		$(BUILD)/fuzz/test/fuzz/$$t -max_total_time=$(SECONDS) -artifact_prefix=$$d- -print_final_stats=1 \
		$$d test/fuzz/corpus/$${t#fuzz_}; done

lint: deps-check
	@./test/lint/run.sh $(BUILD)

# ---- install ----
# What is installed stands here once: MODE:SOURCE:TARGET and LINK=NAME. Whoever installs more adds to these lists.

SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
bindir     := $(PREFIX)/bin
sbindir    := $(PREFIX)/sbin
libexecdir := $(PREFIX)/libexec/sloth
datadir    := $(PREFIX)/share/sloth
statedir   := /var/lib
# What shells complete; bash and fish find a file by the name of the program.
bashdir    := $(PREFIX)/share/bash-completion/completions
zshdir     := $(PREFIX)/share/zsh/site-functions
fishdir    := $(PREFIX)/share/fish/vendor_completions.d

INSTALL_FILES := 755:$(B)/bin/sloth:$(bindir)/sloth \
	755:$(B)/libexec/sloth/sloth-tls:$(libexecdir)/sloth-tls \
	755:$(B)/libexec/sloth/sloth-supervise:$(libexecdir)/sloth-supervise \
	755:$(B)/sbin/slothd-master:$(sbindir)/slothd-master 755:$(B)/sbin/slothd-agent:$(sbindir)/slothd-agent \
	$(foreach f,$(wildcard man/*.[1-8]),644:$(f):$(PREFIX)/share/man/man$(subst .,,$(suffix $(f)))/$(notdir $(f))) \
	$(foreach f,$(PROTOS),644:$(f):$(datadir)/proto/$(notdir $(f))) \
	$(foreach f,$(wildcard systemd/*.service),644:$(f):$(UNITDIR)/$(notdir $(f))) \
	$(foreach f,$(wildcard systemd/agent-*.conf systemd/master-*.conf),644:$(f):$(datadir)/systemd/$(notdir $(f))) \
	644:systemd/sysusers.conf:$(PREFIX)/lib/sysusers.d/sloth.conf \
	644:systemd/tmpfiles.conf:$(PREFIX)/lib/tmpfiles.d/sloth.conf \
	$(foreach f,$(STATIC),755:$(f):$(datadir)/dist/$(ARCH)/$(notdir $(f))) \
	644:$(DIST)/SHA256SUMS:$(datadir)/dist/SHA256SUMS 755:$(DIST)/bootstrap.sh:$(datadir)/dist/bootstrap.sh \
	644:completions/sloth.bash:$(bashdir)/sloth 644:completions/_sloth:$(zshdir)/_sloth \
	644:completions/sloth.fish:$(fishdir)/sloth.fish
INSTALL_LINKS := $(bindir)/sloth-runner=sloth $(PREFIX)/share/man/man1/sloth-runner.1=sloth.1 \
	$(foreach n,sloth-runner slothd-agent slothd-master,$(bashdir)/$(n)=sloth $(fishdir)/$(n).fish=sloth.fish)
INSTALL_DIRS  := $(SYSCONFDIR)/sloth $(statedir)/sloth-runner

# What is in these lists is words.
check_places = $(foreach v,PREFIX SYSCONFDIR UNITDIR,$(if $(and $(filter /%,$(firstword $($(v)))),$(if $(word 2,$($(v))),,one)),,\
	$(error $(v)="$($(v))": it has to be an absolute path without white space; DESTDIR may be any)))

install: all static
	$(check_places)
	@DESTDIR='$(DESTDIR)' SBINDIR='$(sbindir)' DATADIR='$(datadir)' ./systemd/install.sh install \
		$(INSTALL_FILES) $(INSTALL_LINKS) $(INSTALL_DIRS)
# Only what install has put there; what was written since (configuration, state) stays.
uninstall:
	$(check_places)
	@DESTDIR='$(DESTDIR)' SBINDIR='$(sbindir)' DATADIR='$(datadir)' ./systemd/install.sh uninstall \
		$(INSTALL_FILES) $(INSTALL_LINKS) $(INSTALL_DIRS)

# ---- releases: a tarball of the sources, packages of Debian ----

# The same bytes from the same sources, whether they come from git or were unpacked from such a tarball: sorted, of
# nobody, from the time of the last commit, which is that of the files in it.
SOURCES     = $(if $(wildcard .git),git ls-files,find * .[!.]* -type f ! -path '$(BUILD)/*')
SOURCE_TIME = $${SOURCE_DATE_EPOCH:-$$(if [ -e .git ]; then git log -1 --format=%ct; else stat -c %Y Makefile; fi)}
RELEASE    := sloth-$(VERSION)
TARBALL    := $(BUILD)/dist/$(RELEASE).tar.xz
dist:
	$(call say,TAR,$(TARBALL))
	$(Q)mkdir -p $(dir $(TARBALL))
	$(Q)rm -f $(TARBALL:.xz=)* && $(SOURCES) | LC_ALL=C sort > $(TARBALL:.xz=).list
	$(Q)tar -cf $(TARBALL:.xz=) --format=gnu --owner=0 --group=0 --numeric-owner --mode=u=rwX$(,)go=rX \
		--mtime="@$(SOURCE_TIME)" --transform='s,^,$(RELEASE)/,' --no-recursion --verbatim-files-from -T $(TARBALL:.xz=).list
	$(Q)xz -T1 $(TARBALL:.xz=) && rm $(TARBALL:.xz=).list

# Built from the tarball, so that it has all that is needed; without root, and without the options of this make.
deb: deps-deb dist
	$(Q)[ "$$(dpkg-parsechangelog -S Version)" = $(VERSION) ] || \
		{ echo "debian/changelog is of another version than the Makefile, $(VERSION)" >&2; exit 1; }
	$(Q)rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb && tar -xJf $(TARBALL) -C $(BUILD)/deb
	$(Q)cd $(BUILD)/deb/$(RELEASE) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u DESTDIR -u PREFIX -u BUILD \
		DEB_BUILD_OPTIONS="$${DEB_BUILD_OPTIONS-noautodbgsym}" dpkg-buildpackage -us -uc -j$(JOBS)
# Lint, a second build elsewhere, and machines that install, upgrade and purge them.
package-test: deps-package deb
	@./test/package/run.sh $(BUILD)
.PHONY: dist deb deps-deb package-test deps-package

clean:
	rm -rf $(BUILD)

# Other folders of the build have other things in them: trees of machines, packages.
-include $(shell find $(wildcard $(addprefix $(B)/,agent cli common gen master test wire)) /dev/null -name '*.d' -type f)
.PHONY: all lib tests fuzzers demo check interop interop-cpp bench soak soak-matrix fuzz lint install uninstall clean deps-build deps-check deps-interop deps-system system-test abuse bench-peers deps-peers
