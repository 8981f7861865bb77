# Commands for users and developers of apus. `make serve` and `make test` work on a fresh Debian 12
# with Swift; they install the Debian packages that they need, as root or with sudo.

# The paths for `make install`; DESTDIR is prepended to all of them.
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
DATADIR ?= $(PREFIX)/share
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
LOGDIR ?= /var/log/apus
RUNDIR ?= /run
DESTDIR ?=

PORT ?= 8080
# Options for make bench-bars: --quick, --only WORDS.
BARS ?=
# For make conformance: host:port, and --strict for a server with strict_requests on.
TARGET ?=
STRICT ?=
SWIFT ?= swift
# The nginx for make compare.
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

# Suites that load the machine or measure time, one that needs descriptors below select's limit of
# 1,024, and the simulation, in which no other test may read change notifications. They run one after
# the other, with the release binary.
HEAVY := (EndToEndTests\.(WorkerTests|FreshnessTests|CostTests|ChaosTests|LoadTests|$\
	SiteTests|LargeFileTests|TimeoutTests|HostileShortageTests)|ReactorTests\.PollerTests|$\
	SimulationTests\.)

# Suites that also run with poll and select: requests, slow and hostile clients, timeouts.
# EngineTests and UpperEchoTests use each engine in any case.
ENGINE_SUITES := EndToEndTests\.(DirectiveTests|StaticFileTests|RangeTests|RequestBodyTests|$\
	TimeoutTests|HostileCloseTests|HostileReaderTests|HostileBodyTests)

# The paths that are built into the installed binary.
PATHS = APUS_PREFIX='$(DATADIR)/apus' APUS_SBIN_PATH='$(SBINDIR)/apus' \
	APUS_CONF_PATH='$(SYSCONFDIR)/apus/apus.conf' APUS_PID_PATH='$(RUNDIR)/apus.pid' \
	APUS_ERROR_LOG_PATH='$(LOGDIR)/error.log' APUS_ACCESS_LOG_PATH='$(LOGDIR)/access.log'

.PHONY: build release serve test engine compare test-tools libraries static install bench \
	bench-bars fuzz conformance conformance-docs docs picture performance freshness chaos \
	waiting format lint clean

build: libraries
	$(SWIFT) build

release: libraries
	$(SWIFT) build -c release --product apus

libraries:
	@.ci/ensure-packages $(LIBRARIES)

test-tools:
	@.ci/ensure-packages $(TOOLS)

## Serves the site in public/ on http://127.0.0.1:8080/, in the foreground.
serve: release $(LARGE)
	@mkdir -p .build/serve; \
	sed 's/\b8080\b/$(PORT)/g' conf/apus.conf > .build/serve/apus.conf; \
	cp conf/mime.types .build/serve/; \
	main='daemon off; pid $(CURDIR)/.build/serve/apus.pid;'; \
	if (( ! EUID )) && ! setpriv --reuid=65534 --regid=65534 --clear-groups \
	    test -r public/index.html; then \
	    echo 'other users cannot read this directory: workers run as root'; \
	    main+=' user root;'; \
	fi; \
	echo 'serving public/ on http://127.0.0.1:$(PORT)/ (Ctrl-C stops)'; \
	exec "$(RELEASE)" -p '$(CURDIR)' \
	    -c '$(CURDIR)/.build/serve/apus.conf' -e stderr -g "$$main"

# 64 MiB of pseudo-random bytes, for ranges and slow downloads.
$(LARGE):
	@mkdir -p $(@D)
	@python3 -c 'import random, sys; r = random.Random(64); \
	[sys.stdout.buffer.write(r.randbytes(1 << 20)) for _ in range(64)]' > $@.part
	@mv $@.part $@

## Checks formatting, then runs every test. The last line is "N passed, M failed".
test: test-tools lint release
	@$(SWIFT) build --build-tests
	@./.ci/count-tests \
	    $(SWIFT) test --skip-build --skip '$(HEAVY)' --then \
	    env APUS_BINARY="$(RELEASE)" $(SWIFT) test --skip-build --no-parallel \
	        --filter '$(HEAVY)' --then \
	    env APUS_TEST_ENGINE=poll $(SWIFT) test --skip-build --filter '$(ENGINE_SUITES)' --then \
	    env APUS_TEST_ENGINE=select $(SWIFT) test --skip-build --filter '$(ENGINE_SUITES)'

## Runs the suites for other engines with one of them: make engine ENGINE=poll
ENGINE ?= poll
engine: libraries
	@$(SWIFT) build --build-tests
	@./.ci/count-tests env APUS_TEST_ENGINE=$(ENGINE) \
	    $(SWIFT) test --skip-build --filter '$(ENGINE_SUITES)'

## Runs the tables of Tests/EndToEndTests/Directives with apus and NGINX; `make test` does so with
## Debian's nginx.
compare: libraries
	@$(SWIFT) build --build-tests
	@NGINX='$(NGINX)' $(SWIFT) test --skip-build --filter 'EndToEndTests\.DirectiveTests' \
	    | grep -v ' started\.$$'

## Checks formatting, and that the manual has every directive.
lint:
	@$(SWIFT) format lint --strict --recursive $(SOURCES)
	@.ci/check-manual

format:
	$(SWIFT) format --in-place --recursive $(SOURCES)

## Builds a static binary that includes the Swift runtime. The linker's warning about dlopen is
## harmless, since apus does not look up names through NSS.
static: libraries
	$(SWIFT) build -c release --product apus -Xswiftc -static-executable \
	    --scratch-path .build-static
	@mkdir -p .build
	@strip -o .build/apus-static \
	    "$$($(SWIFT) build -c release --scratch-path .build-static --show-bin-path)/apus"
	@printf '%s: %s bytes\n' .build/apus-static "$$(stat -c %s .build/apus-static)"

## Installs the binary, its configuration (unless there is one), the site and the manual pages. The
## binary is built separately, since it contains the paths.
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

## Runs the conformance suite against the built apus, or make conformance TARGET=host:port.
conformance: libraries
	@$(SWIFT) build
	@tool="$$($(SWIFT) build --show-bin-path)"; \
	if [[ -n "$(TARGET)" ]]; then "$$tool/conformance-tool" $(STRICT) '$(TARGET)'; \
	else "$$tool/conformance-tool" --start apus "$$tool/apus"; fi

## Regenerates docs/differences.md and docs/conformance.md, which starts the peers.
conformance-docs: test-tools
	@$(SWIFT) build
	@tool="$$($(SWIFT) build --show-bin-path)"; mkdir -p docs; \
	"$$tool/conformance-tool" --write-docs docs "$$tool/apus"

## Regenerates docs/directives.md from the directive rows; a test fails if it is outdated.
docs: libraries
	APUS_WRITE_DOCS=1 $(SWIFT) test --filter TidyTests.DirectiveTests/pageMatchesRows

## Regenerates docs/site.png, the picture in the README.
picture: release
	@.ci/ensure-packages chromium
	@.ci/picture "$(RELEASE)"

## Regenerates docs/performance.svg, and the tables of docs/performance.md and README.md, from
## Benchmarks/bars/results.json.
performance:
	@python3 Benchmarks/bars/results.py

## Regenerates docs/freshness.md: stale responses of apus and of nginx with open_file_cache.
freshness: release test-tools
	@$(SWIFT) build --build-tests
	@APUS_WRITE_DOCS=1 APUS_FRESHNESS_ROUNDS=50 APUS_BINARY="$(RELEASE)" $(SWIFT) test \
	    --skip-build --filter EndToEndTests.FreshnessTests/freshnessComparedWithNginx

## Regenerates docs/chaos.md: reloads, upgrades, kills and more under load, CHAOS times as many as in
## `make test`, with apus and nginx.
CHAOS ?= 4
chaos: release test-tools
	@$(SWIFT) build --build-tests
	@APUS_WRITE_DOCS=1 APUS_CHAOS_SCALE=$(CHAOS) APUS_BINARY="$(RELEASE)" $(SWIFT) test \
	    --skip-build --filter EndToEndTests.ChaosTests/noRequestOrLogLineIsLost

## Compares apus with nginx, lighttpd and h2o. More: Benchmarks/compare --help
bench: release test-tools
	Benchmarks/compare --apus "$(RELEASE)"

## Measures the CPU time of apus beside its peers and a canned response, with targets. More:
## Benchmarks/bars/run --help
bench-bars: release test-tools
	Benchmarks/bars/run --apus "$(RELEASE)" $(BARS)

## Regenerates docs/waiting.md and its plots: a comparison of ways to wait for many clients.
waiting:
	@$(SWIFT) build -c release --product waiting
	@Benchmarks/waiting/run "$$($(SWIFT) build -c release --show-bin-path)/waiting"

## Runs each fuzzer, or those of FUZZERS, for FUZZ_SECONDS. Failing inputs are stored and shown.
FUZZ_SECONDS ?= 60
FUZZERS ?=
fuzz: libraries
	@SWIFT=$(SWIFT) FUZZ_SECONDS=$(FUZZ_SECONDS) Tests/Fuzz/run $(FUZZERS)

clean:
	rm -rf .build .build-static .build-install .build-fuzz $(LARGE)
