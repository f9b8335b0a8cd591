# Weir: build, run, test, measure. Output goes under build/ only.
#   make         the two programs: build/weir, build/weir-edge
#   make run     install what is missing, build, serve examples/01-hello
#   make test    install what tests need, build, run all tests
#   make bench | bench-classify | mutation | layers | fuzz | format | editors | install PREFIX=/usr/local | clean
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
SHELL := /bin/bash
.DEFAULT_GOAL := all

CC ?= cc
ifeq ($(origin CC),default)
CC := cc
endif
# B is the output folder of one variant; SAN its sanitizer flags.
B ?= build
SAN ?=
OPT ?= -O2
VERSION := 0.1.0
WARN := -Wall -Wextra -Werror -Wswitch-enum -Wno-switch-default -Wno-sign-compare
CFLAGS_ALL := -std=gnu11 -g $(OPT) $(WARN) $(SAN) -I. -I$(B)/gen -D_GNU_SOURCE -DWEIR_VERSION='"$(VERSION)"' \
  -ffunction-sections -fdata-sections -fno-strict-aliasing -fvisibility=hidden $(CFLAGS)
LDFLAGS_ALL := $(SAN) -Wl,--gc-sections $(LDFLAGS)
LIBS := -lpthread -ldl

base_src     := $(wildcard runtime/base/*.c)
runtime_src  := $(filter-out runtime/edge.c,$(wildcard runtime/*.c))
compiler_src := $(filter-out compiler/main.c,$(wildcard compiler/*.c))
scanners     := $(patsubst grammar/%.re,$(B)/gen/%.c,$(wildcard grammar/*.re))
parser       := $(B)/gen/parser.c $(B)/gen/lexer.c
parser_h     := $(B)/gen/parser.h $(B)/gen/lexer.h

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
gen_obj = $(patsubst $(B)/gen/%.c,$(B)/obj/gen/%.o,$(1))

runtime_obj  := $(call obj,$(base_src) $(runtime_src)) $(call gen_obj,$(scanners))
edge_obj     := $(B)/obj/runtime/edge.o
compiler_obj := $(call obj,$(compiler_src)) $(call gen_obj,$(parser)) $(B)/obj/embed.o

all: $(B)/weir $(B)/weir-edge

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<
$(B)/obj/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Wno-unused-function -Wno-unused-but-set-variable -MMD -MP -c -o $@ $<

# Generated sources. Objects that include generated headers wait for them.
$(B)/gen/%.c: grammar/%.re
	@mkdir -p $(@D)
	re2c --no-generation-date --no-debug-info -W -Werror -o $@ $<
$(B)/gen/parser.c $(B)/gen/parser.h &: grammar/parser.y
	@mkdir -p $(@D)
	bison -Werror -Wno-error=other --header=$(B)/gen/parser.h -o $(B)/gen/parser.c $<
$(B)/gen/lexer.c $(B)/gen/lexer.h &: grammar/lexer.l
	@mkdir -p $(@D)
	flex --header-file=$(B)/gen/lexer.h -o $(B)/gen/lexer.c $<
$(compiler_obj): | $(parser_h)

# The runtime as a library: linked into weir-edge, and carried inside weir for `build --standalone`.
$(B)/libweir-edge.a: $(runtime_obj) $(edge_obj)
	@rm -f $@
	ar rcsD $@ $^
$(B)/weir-edge: $(runtime_obj) $(edge_obj)
	$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS)
# Files that weir carries in itself (compiler/embed.h): the ABI header, the runtime library, explanations of messages, and the
# standard library, whose files are one text, each behind a line that names it.
stdconf := $(sort $(wildcard stdconf/*.weir))
explanations := $(sort $(wildcard grammar/explanations/*.txt))
$(B)/obj/embed.o: compiler/embed.s runtime/abi.h $(B)/libweir-edge.a $(stdconf) $(explanations)
	@mkdir -p $(@D)/embed
	@for f in $(stdconf); do printf '# %s\n' "$$f"; cat "$$f"; done >$(@D)/embed/stdconf.weir
	@cp runtime/abi.h $(B)/libweir-edge.a $(@D)/embed
	@awk 'FNR == 1 { f = FILENAME; gsub(/.*\/|\.txt$$/, "", f); print "\f" f } { print }' $(explanations) >$(@D)/embed/explanations.txt
	@strip -D -g $(@D)/embed/libweir-edge.a
	$(CC) -c -Xassembler -I -Xassembler $(@D)/embed -o $@ $<
# A standalone executable is linked as weir-edge is.
$(B)/obj/compiler/plan_standalone.o: CFLAGS_ALL += -DWEIR_EDGE_LINK='"$(strip $(SAN) $(LIBS))"'
$(B)/weir: $(compiler_obj) $(B)/obj/compiler/main.o $(runtime_obj)
	$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS)
$(B)/obj/compiler/main.o: | $(parser_h)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# Unit tests: tests/unit/NAME_test.c is a cmocka program over all objects.
unit_src := $(wildcard tests/unit/*_test.c)
unit_bin := $(patsubst tests/unit/%_test.c,$(B)/unit/%,$(unit_src))
# Linked from an archive, so that a test pulls in what it uses.
$(B)/libunit.a: $(compiler_obj) $(runtime_obj)
	@rm -f $@
	ar rcsD $@ $^
$(B)/unit/%: $(B)/obj/tests/unit/%_test.o $(B)/libunit.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS) -lcmocka
$(unit_bin:$(B)/unit/%=$(B)/obj/tests/unit/%_test.o): | $(parser_h)
unit: $(unit_bin)
.PRECIOUS: $(B)/obj/%.o $(B)/gen/%.c

# Fuzzers: tests/fuzz/NAME_fuzz.c has LLVMFuzzerTestOneInput and runs under tests/fuzz/fuzz_main.c;
# differential.c (evaluator against plan) has a main of its own.
fuzz_bin := $(patsubst tests/fuzz/%_fuzz.c,$(B)/fuzz/%_fuzz,$(wildcard tests/fuzz/*_fuzz.c)) \
  $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,tests/fuzz/differential.c tests/fuzz/lints.c)
$(B)/fuzz/%_fuzz: $(B)/obj/tests/fuzz/%_fuzz.o $(B)/obj/tests/fuzz/fuzz_main.o $(B)/libunit.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS)
test_helper_obj := $(patsubst %.c,$(B)/obj/%.o,tests/route/plan_side.c)
generate_obj := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/fuzz/generate_*.c))
$(B)/fuzz/differential: $(B)/obj/tests/fuzz/differential.o $(generate_obj) $(test_helper_obj) $(B)/libunit.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS)
$(B)/fuzz/lints: $(B)/obj/tests/fuzz/lints.o $(generate_obj) $(B)/libunit.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS)
$(B)/route_cases: $(B)/obj/tests/route/route_cases.o $(test_helper_obj) $(B)/libunit.a
	$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS)
fuzzers: $(fuzz_bin)
classify_obj := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/bench/classify*.c))
$(classify_obj): | $(parser_h)
$(B)/classify: $(classify_obj) $(B)/libunit.a
	$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS)
route-cases: $(B)/route_cases

# --- what people call ------------------------------------------------------------------------------
deps:
	@tests/deps.sh build

# Serves the hello example: installs what is missing, builds, says what to try, ends on Ctrl-C.
run: deps
	@$(MAKE) -s -j$$(nproc) all
	@printf '\nWeir serves examples/01-hello/site.weir. Try, in another terminal:\n\n  curl -i http://127.0.0.1:8080/\n  curl -i http://127.0.0.1:8080/admin\n\nCtrl-C stops it.\n\n'
	@exec $(B)/weir run examples/01-hello/site.weir

test:
	@tests/deps.sh test
	@tests/run

bench:
	@tests/deps.sh bench
	@$(MAKE) -s -j$$(nproc) all
	@python3 tests/bench/bench.py --weir $(B)/weir --edge $(B)/weir-edge $(BENCH)

# What one decision costs, in this process; CLASSIFY="-n 10000,100000 -f tenants -r ROUNDS -k REQUESTS".
bench-classify:
	@tests/deps.sh build
	@$(MAKE) -s -j$$(nproc) $(B)/classify
	@$(B)/classify $(CLASSIFY)

# Do the tests notice mistakes in the compiler? Builds and tests MUTANTS changed copies of it (long: some seconds each).
MUTANTS ?= 100
mutation:
	@tests/deps.sh test
	@python3 tests/mutation/mutate.py --sample $(MUTANTS) $(MUTATION)

layers: all
	@tests/layers.sh $(B)

# Long fuzzing: SECONDS for each fuzzer (default 600), with sanitizers.
SECONDS ?= 600
fuzz:
	@tests/deps.sh test
	@$(MAKE) -s -j$$(nproc) B=build/asan OPT=-O1 SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined" CFLAGS=-DWEIR_FAULTS all fuzzers
	@tests/fuzz/run.sh build/asan $(SECONDS)

PREFIX ?= /usr/local
install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 -s $(B)/weir $(DESTDIR)$(PREFIX)/bin/weir
	install -m 755 -s $(B)/weir-edge $(DESTDIR)$(PREFIX)/bin/weir-edge

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

# Syntax files of editors, from the tables in grammar/*.def.
editors:
	@python3 grammar/editors/generate.py

clean:
	rm -rf build

.PHONY: editors all unit fuzzers route-cases deps run test bench mutation layers fuzz install format clean
