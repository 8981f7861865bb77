# apus: what a user and a developer type. `make serve` and `make test` work on a fresh Debian 12
# with Swift; what else they need is installed from Debian, as root or through sudo.

# Where `make install` puts things; DESTDIR goes before all of them.
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
DATADIR ?= $(PREFIX)/share
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
LOGDIR ?= /var/log/apus
RUNDIR ?= /run
DESTDIR ?=

PORT ?= 8080
# For make bench-bars: --quick, --only WORDS.
BARS ?=
# For make conformance: host:port, and --strict for a server with strict_requests on.
TARGET ?=
STRICT ?=
SWIFT ?= swift
# For make compare: the nginx that the tables are run against beside apus.
NGINX ?= /usr/sbin/nginx

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

LIBRARIES := pkg-config zlib1g-dev libpcre2-dev libcrypt-dev libmd-dev
TOOLS := $(LIBRARIES) curl wget wrk nginx-light lighttpd lighttpd-mod-deflate h2o strace valgrind \
	binutils iproute2 util-linux gzip diffutils findutils procps python3 python3-doc systemd
SOURCES := Sources Examples Tests Package.swift
LARGE := public/downloads/large.bin
RELEASE = $$($(SWIFT) build -c release --show-bin-path)/apus

# Suites that load the machine or measure time, and one that needs descriptors below select's 1,024
# while others have hundreds open: one after the other, with the release binary.
HEAVY := (EndToEndTests\.(WorkerTests|FreshnessTests|CostTests|ChaosTests|LoadTests|$\
	SiteTests|LargeFileTests|TimeoutTests|HostileShortageTests)|ReactorTests\.PollerTests)

# What is run with poll and select too: a request's whole way, slow and hostile clients, time.
# EngineTests and UpperEchoTests take each engine in any case.
ENGINE_SUITES := EndToEndTests\.(DirectiveTests|StaticFileTests|RangeTests|RequestBodyTests|$\
	TimeoutTests|HostileCloseTests|HostileReaderTests|HostileBodyTests)

# What the installed binary finds without being told.
PATHS = APUS_PREFIX='$(DATADIR)/apus' APUS_SBIN_PATH='$(SBINDIR)/apus' \
	APUS_CONF_PATH='$(SYSCONFDIR)/apus/apus.conf' APUS_PID_PATH='$(RUNDIR)/apus.pid' \
	APUS_ERROR_LOG_PATH='$(LOGDIR)/error.log' APUS_ACCESS_LOG_PATH='$(LOGDIR)/access.log'

.PHONY: build release serve test engine compare test-tools libraries static install bench \
	bench-bars fuzz conformance conformance-docs docs picture performance freshness chaos waiting format lint clean

build: libraries
	$(SWIFT) build

release: libraries
	$(SWIFT) build -c release --product apus

libraries:
	@.ci/ensure-packages $(LIBRARIES)

test-tools:
	@.ci/ensure-packages $(TOOLS)

## The site, on http://127.0.0.1:8080/, in the foreground.
serve: release $(LARGE)
	@mkdir -p .build/serve; \
	sed 's/\b8080\b/$(PORT)/g' conf/apus.conf > .build/serve/apus.conf; \
	cp conf/mime.types .build/serve/; \
	main='daemon off; pid $(CURDIR)/.build/serve/apus.pid;'; \
	if (( ! EUID )) && ! setpriv --reuid=65534 --regid=65534 --clear-groups \
	    test -r public/index.html; then \
	    echo 'other users cannot read this folder: the workers stay root'; \
	    main+=' user root;'; \
	fi; \
	echo 'serving public/ on http://127.0.0.1:$(PORT)/ (Ctrl-C ends it)'; \
	exec "$(RELEASE)" -p '$(CURDIR)' \
	    -c '$(CURDIR)/.build/serve/apus.conf' -e stderr -g "$$main"

# 64 MiB of bytes that are the same everywhere, for trying ranges and slow downloads.
$(LARGE):
	@mkdir -p $(@D)
	@python3 -c 'import random, sys; r = random.Random(64); \
	[sys.stdout.buffer.write(r.randbytes(1 << 20)) for _ in range(64)]' > $@.part
	@mv $@.part $@

## Formatting, then every test. The last line is "N passed, M failed".
test: test-tools lint release
	@$(SWIFT) build --build-tests
	@./.ci/count-tests \
	    $(SWIFT) test --skip-build --skip '$(HEAVY)' --then \
	    env APUS_BINARY="$(RELEASE)" $(SWIFT) test --skip-build --no-parallel \
	        --filter '$(HEAVY)' --then \
	    env APUS_TEST_ENGINE=poll $(SWIFT) test --skip-build --filter '$(ENGINE_SUITES)' --then \
	    env APUS_TEST_ENGINE=select $(SWIFT) test --skip-build --filter '$(ENGINE_SUITES)'

## The suites that are run with poll and select, with one of them: make engine ENGINE=poll
ENGINE ?= poll
engine: libraries
	@$(SWIFT) build --build-tests
	@./.ci/count-tests env APUS_TEST_ENGINE=$(ENGINE) \
	    $(SWIFT) test --skip-build --filter '$(ENGINE_SUITES)'

## The tables of Tests/EndToEndTests/Directives, put to apus and to NGINX; `make test` does it with
## Debian's.
compare: libraries
	@$(SWIFT) build --build-tests
	@NGINX='$(NGINX)' $(SWIFT) test --skip-build --filter 'EndToEndTests\.DirectiveTests' \
	    | grep -v ' started\.$$'

## Formatting, and whether the manual has every directive.
lint:
	@$(SWIFT) format lint --strict --recursive $(SOURCES)
	@.ci/check-manual

format:
	$(SWIFT) format --in-place --recursive $(SOURCES)

## One binary without the Swift runtime beside it. The linker's warning about dlopen is harmless:
## nothing here looks up names through NSS.
static: libraries
	$(SWIFT) build -c release --product apus -Xswiftc -static-executable \
	    --scratch-path .build-static
	@mkdir -p .build
	@strip -o .build/apus-static \
	    "$$($(SWIFT) build -c release --scratch-path .build-static --show-bin-path)/apus"
	@printf '%s: %s bytes\n' .build/apus-static "$$(stat -c %s .build/apus-static)"

## The binary, its configuration (an existing one is kept), the site and the manual pages. Built
## apart, because the paths are built in.
install: libraries
	$(PATHS) $(SWIFT) build -c release --product apus --scratch-path .build-install
	install -s -D -m 755 \
	    "$$($(SWIFT) build -c release --scratch-path .build-install --show-bin-path)/apus" \
	    "$(DESTDIR)$(SBINDIR)/apus"
	@mkdir -p .build-install/conf
	@sed -e 's|\broot   *public;|root   html;|' \
	    -e 's|\berror_log   *stderr |error_log  $(LOGDIR)/error.log |' \
	    -e 's|\baccess_log   */dev/stdout |access_log  $(LOGDIR)/access.log |' \
	    conf/apus.conf > .build-install/conf/apus.conf
	@cp conf/mime.types .build-install/conf/
	@for file in apus.conf mime.types; do \
	    if [ ! -e "$(DESTDIR)$(SYSCONFDIR)/apus/$$file" ]; then \
	        install -D -m 644 ".build-install/conf/$$file" \
	            "$(DESTDIR)$(SYSCONFDIR)/apus/$$file"; \
	    fi; \
	done
	@install -d -m 755 "$(DESTDIR)$(LOGDIR)"
	@cd public && find . -type f ! -path './downloads/large.bin' -exec \
	    install -D -m 644 {} "$(DESTDIR)$(DATADIR)/apus/html/{}" \;
	@for page in $(wildcard docs/*.[158]); do \
	    install -D -m 644 "$$page" \
	        "$(DESTDIR)$(DATADIR)/man/man$${page##*.}/$${page##*/}"; \
	done

## The conformance suite: make conformance TARGET=host:port, or against the built apus.
conformance: libraries
	@$(SWIFT) build
	@tool="$$($(SWIFT) build --show-bin-path)"; \
	if [[ -n "$(TARGET)" ]]; then "$$tool/conformance-tool" $(STRICT) '$(TARGET)'; \
	else "$$tool/conformance-tool" --start apus "$$tool/apus"; fi

## docs/differences.md and docs/conformance.md, made anew: the peers are started for it.
conformance-docs: test-tools
	@$(SWIFT) build
	@tool="$$($(SWIFT) build --show-bin-path)"; mkdir -p docs; \
	"$$tool/conformance-tool" --write-docs docs "$$tool/apus"

## docs/directives.md, from the rows; a test fails when it is old.
docs: libraries
	APUS_WRITE_DOCS=1 $(SWIFT) test --filter TidyTests.DirectiveTests/pageMatchesRows

## docs/site.png, the picture in the README.
picture: release
	@.ci/ensure-packages chromium
	@.ci/picture "$(RELEASE)"

## docs/performance.svg, and the tables of docs/performance.md and README.md, from
## Benchmarks/bars/results.json.
performance:
	@python3 Benchmarks/bars/results.py

## docs/freshness.md, made anew: how often apus and nginx's open_file_cache are stale.
freshness: release test-tools
	@$(SWIFT) build --build-tests
	@APUS_WRITE_DOCS=1 APUS_FRESHNESS_ROUNDS=50 APUS_BINARY="$(RELEASE)" $(SWIFT) test \
	    --skip-build --filter EndToEndTests.FreshnessTests/freshnessComparedWithNginx

## Everything at the wrong moment, CHAOS times as much as in `make test`, to apus and to nginx:
## docs/chaos.md.
CHAOS ?= 4
chaos: release test-tools
	@$(SWIFT) build --build-tests
	@APUS_WRITE_DOCS=1 APUS_CHAOS_SCALE=$(CHAOS) APUS_BINARY="$(RELEASE)" $(SWIFT) test \
	    --skip-build --filter EndToEndTests.ChaosTests/noRequestOrLogLineIsLost

## apus beside nginx, lighttpd and h2o. More: Benchmarks/compare --help
bench: release test-tools
	Benchmarks/compare --apus "$(RELEASE)"

## What apus is to cost beside its peers and beside a canned answer, and what it costs. More:
## Benchmarks/bars/run --help
bench-bars: release test-tools
	Benchmarks/bars/run --apus "$(RELEASE)" $(BARS)

## The ways to wait for many clients, compared: the table, and docs/waiting.md with its plots.
waiting:
	@$(SWIFT) build -c release --product waiting
	@Benchmarks/waiting/run "$$($(SWIFT) build -c release --show-bin-path)/waiting"

## Each fuzzer for FUZZ_SECONDS, or those of FUZZERS. What fails is kept and shown.
FUZZ_SECONDS ?= 60
FUZZERS ?=
fuzz: libraries
	@SWIFT=$(SWIFT) FUZZ_SECONDS=$(FUZZ_SECONDS) Tests/Fuzz/run $(FUZZERS)

clean:
	rm -rf .build .build-static .build-install .build-fuzz $(LARGE)
