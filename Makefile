# The two commands of the README are `make demo` and `make test`.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
WEB         = api/web
# The race detector needs a C compiler; without one the tests run plain, and say so.
RACE       := $(shell command -v gcc >/dev/null 2>&1 && echo -race)

# Programs that 'go install' puts there are found.
export PATH := $(PATH):$(shell go env GOPATH)/bin

.PHONY: demo build web test tools check unit web-test e2e bench bench-road faults long scale country rivals clean

# demo builds the map application where npm is there, then makes, imports and serves the demonstration district.
demo: web
	go run . demo $(ARGS)

build: web
	CGO_ENABLED=0 go build -trimpath -o bin/towngrid .

# web builds the map application that the binary embeds. Without npm the service
# shows a plain page in its place.
web:
	@if command -v npm >/dev/null 2>&1; then \
		cd $(WEB) && { [ -d node_modules ] && [ node_modules -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error; } \
		&& npm run --silent build; \
	else echo "NOTE: npm is not installed: the service will show a plain page in place of the map application"; fi

# test runs everything: formatting, static checks, all tests, the map application and its end-to-end test.
# It first installs what these are held against (PostgreSQL with PostGIS, GDAL, Chromium and so on) from
# the distribution, where it may; TOWNGRID_INSTALL=no keeps it from that.
test: tools check web-test unit e2e
	@echo "all checks and tests passed"

tools:
	@.ci/tools

check:
	@unformatted=$$(gofmt -l *.go api data geo migrations tiles | grep -v node_modules || true); \
		if [ -n "$$unformatted" ]; then echo "gofmt wanted:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go run $(STATICCHECK) ./...
	@.ci/vulncheck go run $(GOVULNCHECK) ./...

unit: web
	@[ -n "$(RACE)" ] || echo "NOTE: gcc is not installed: the tests run without the race detector"
	go test $(RACE) -timeout 20m ./...
	go test -tags purego ./geo/raster

web-test: web
	@if command -v npm >/dev/null 2>&1; then \
		cd $(WEB) && npm run --silent check && npm run --silent lint && npm run --silent test; \
	elif [ -n "$$TOWNGRID_REQUIRE_TOOLS" ]; then echo "npm is wanted and not installed"; exit 1; \
	else echo "SKIPPED: the map application's tests need npm (install Node.js)"; fi

# e2e opens the demonstration in headless Chromium.
e2e: web
	@if command -v npm >/dev/null 2>&1 && command -v chromium >/dev/null 2>&1; then .ci/e2e; \
	elif [ -n "$$TOWNGRID_REQUIRE_TOOLS" ]; then echo "npm and chromium are wanted and not installed"; exit 1; \
	else echo "SKIPPED: the end-to-end test needs npm and chromium (apt-get install chromium fonts-noto-cjk)"; fi

# bench prints the figures of data/bench/README.md.
bench:
	go test -run '^$$' -bench . -benchmem ./...

# bench-road takes 50,000 cells through the planner's road, with time and memory, beside ogr2ogr.
bench-road:
	go run ./data/bench/road

# faults runs the long form of what replicas promise (three hours), or a part of it: RUN names
# tests, ROUNDS is how many percent of the rounds.
faults:
	TOWNGRID_LONG=1 TOWNGRID_ROUNDS=$(ROUNDS) go test -v -timeout 5h -run '$(RUN)' ./data/faults

# long runs the long form of all other tests (mutations, floods, writes broken off, comparisons byte for byte), some hours,
# or of those that RUN names.
long:
	TOWNGRID_LONG=1 go test -v -p 1 -timeout 5h -run '$(RUN)' $$(go list ./... | grep -v data/faults)

# scale measures replicas with up to 1,000,000 cells.
scale:
	TOWNGRID_SCALE=10000,100000,300000,1000000 go test -v -run Scale -timeout 1h ./data/faults

# country loads a simulated stream of incidents into databases that stand for workers, for migrations/citus/plan.md.
country:
	TOWNGRID_COUNTRY=250000,1000000,2000000,4000000 go test -v -run TestCountry -timeout 2h ./data/postgis

# rivals measures cached tiles and 304s beside net/http, nginx and Echo, and tiles made from scratch beside
# PostGIS, all over HTTP (apt-get install wrk nginx-light).
rivals:
	TOWNGRID_RIVALS=1 go test -run TestRivals -timeout 20m -v ./api

clean:
	rm -rf bin $(WEB)/node_modules
	find $(WEB)/dist -mindepth 1 ! -name .gitkeep -delete
	rm -rf towngrid-demo.gpkg towngrid-demo.gpkg-*
