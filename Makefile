# Weir: build, run, test, measure. Output goes under build/ only.
#   make         the two programs: build/weir, build/weir-edge
#   make run     install what is missing, build, serve examples/01-hello
#   make test    install what tests need, build, run all tests
#   make bench | layers | fuzz | format | install PREFIX=/usr/local | clean
MAKEFLAGS += --no-builtin-rules
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

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
gen_obj = $(patsubst $(B)/gen/%.c,$(B)/obj/gen/%.o,$(1))

runtime_obj  := $(call obj,$(base_src) $(runtime_src)) $(call gen_obj,$(scanners))
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
$(compiler_obj): | $(B)/gen/parser.h $(B)/gen/lexer.h

# The runtime as a library: linked into weir-edge, and carried inside weir for `build --standalone`.
$(B)/libweir-edge.a: $(runtime_obj) $(B)/obj/runtime/edge.o
	@rm -f $@
	ar rcsD $@ $^
$(B)/weir-edge: $(runtime_obj) $(B)/obj/runtime/edge.o
	$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS)
# Files that weir carries in itself: the ABI header and the runtime library.
$(B)/obj/embed.o: runtime/abi.h $(B)/libweir-edge.a
	@mkdir -p $(@D)
	@cp $(B)/libweir-edge.a $(B)/embed-edge.a && strip -g $(B)/embed-edge.a
	@printf '.section .rodata\n.macro embed name, file\n.global \\name\n.global \\name\\()_end\n.balign 16\n\\name:\n.incbin "\\file"\n\\name\\()_end:\n.byte 0\n.endm\nembed embed_abi_h, runtime/abi.h\nembed embed_edge_a, $(B)/embed-edge.a\n.section .note.GNU-stack,"",%%progbits\n' > $(B)/embed.s
	$(CC) -c -o $@ $(B)/embed.s
$(B)/weir: $(compiler_obj) $(B)/obj/compiler/main.o $(runtime_obj)
	$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS)
$(B)/obj/compiler/main.o: | $(B)/gen/parser.h

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
$(unit_bin:$(B)/unit/%=$(B)/obj/tests/unit/%_test.o): | $(B)/gen/parser.h
unit: $(unit_bin)
.PRECIOUS: $(B)/obj/%.o $(B)/gen/%.c

.PHONY: all unit
clean:
	rm -rf build
.PHONY: clean
