#!/usr/bin/env bash
# Apache Kafka for tests: real brokers in KRaft mode on loopback, no container.
# Owns the processes and files under --data, and nothing else: several clusters run side by side.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: kafka.sh COMMAND [--data DIR] [options]

  start [--brokers 1|3] [--port BASE] [--owner PID]
                    start the cluster, prints its bootstrap servers once every broker answers;
                    a DIR that was used before keeps its brokers, ports and records
  stop [--now]      stop every broker (--now: kill -9)
  status            a line per broker: number, state, address, pid; exit 1 unless all run
  kill N            kill -9 broker N
  start-broker N    start broker N again, returns when it answers
  fetch             have the jars in the cache, prints their folder

  --data DIR     where the cluster lives        (default: kafka/ in ledgerline's cache folder)
  --brokers N    1 or 3                         (default: 1)
  --port BASE    uses 2 ports a broker from BASE on; 0 picks free ones   (default: 0)
  --owner PID    the cluster ends when that process does
  KAFKA_BROKER_HEAP       heap of each broker   (default: 384m)

exit: 0 done, 1 failed (the reason on stderr), 2 usage
TEXT
}

readonly READY_S_MAX=120 # a loaded machine takes its time; a broker that died is noticed at once
readonly STOP_S_MAX=10
readonly PORT_ATTEMPTS_MAX=8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ledgerline

fail() { printf 'kafka.sh: %s\n' "$*" >&2; exit 1; }
misused() { printf 'kafka.sh: %s\n' "$*" >&2; usage >&2; exit 2; }

# ---- jars -------------------------------------------------------------------------------------------------

jars() {
  local stamp libs part
  stamp=$(sha256sum "$here/pom.xml" | cut -c1-16)
  libs=$cache/kafka-jars/$stamp
  if [ ! -d "$libs" ]; then
    command -v mvn >/dev/null || fail "maven is missing; run ops/bootstrap.sh test"
    mkdir -p "$cache/kafka-jars"
    part=$(mktemp -d "$cache/kafka-jars/part.XXXXXX")
    printf 'fetching Apache Kafka from Maven (once, about 54 MB)\n' >&2
    mvn -q -B -Dstyle.color=never --strict-checksums -f "$here/pom.xml" dependency:copy-dependencies \
      -DoutputDirectory="$part" </dev/null >&2 || { rm -rf "$part"; fail "maven could not fetch Kafka"; }
    # The rename is what makes the folder complete; whoever comes second drops its own copy.
    mv -T "$part" "$libs" 2>/dev/null || rm -rf "$part"
  fi
  printf '%s\n' "$libs"
}

# ---- one broker -------------------------------------------------------------------------------------------

brokers() { cat "$data/brokers"; }
broker_port() { sed -n "s/^port.$1=//p" "$data/ports"; }
controller_port() { sed -n "s/^controller.$1=//p" "$data/ports"; }
settings() { printf '%s/broker-%s/server.properties' "$data" "$1"; }
log() { printf '%s/broker-%s/broker.log' "$data" "$1"; }

# The pid of broker N if it runs. A pid file can outlive its process and the number be given to another one:
# only a process started with our own settings file counts.
pid_of() {
  local pid args
  pid=$(cat "$data/broker-$1/pid" 2>/dev/null) || return 1
  if [ -r "/proc/$pid/cmdline" ]; then
    args=$(tr '\0' ' ' <"/proc/$pid/cmdline")
  else
    args=$(ps -ww -o args= -p "$pid" 2>/dev/null) || return 1
  fi
  [[ $args == *"$(settings "$1")"* ]] || return 1
  printf '%s\n' "$pid"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

write_settings() {
  local n=$1 i voters="" copies isr
  for i in $(seq "$(brokers)"); do voters+="${voters:+,}$i@127.0.0.1:$(controller_port "$i")"; done
  copies=$(brokers)
  isr=$((copies == 1 ? 1 : 2))
  {
    cat "$here/server.properties"
    cat <<PROPERTIES

node.id=$n
controller.quorum.voters=$voters
listeners=BROKER://127.0.0.1:$(broker_port "$n"),CONTROLLER://127.0.0.1:$(controller_port "$n")
advertised.listeners=BROKER://127.0.0.1:$(broker_port "$n")
log.dirs=$data/broker-$n/data
default.replication.factor=$copies
min.insync.replicas=$isr
offsets.topic.replication.factor=$copies
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$isr
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$isr
PROPERTIES
  } >"$(settings "$n")"
}

# An array, not a function: a broker's command line must become the process whose pid is kept.
set_java() {
  java=(java "-Xmx$1" -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true
    "-Dlog4j2.configurationFile=$here/log4j2.properties" -cp "$libs/*")
}

format() {
  local n=$1
  [ -f "$data/broker-$n/data/meta.properties" ] && return
  set_java 128m
  "${java[@]}" kafka.tools.StorageTool format -t "$(cat "$data/cluster-id")" -c "$(settings "$n")" \
    </dev/null >"$data/broker-$n/format.log" 2>&1 || { cat "$data/broker-$n/format.log" >&2; fail "broker $n: format failed"; }
}

launch() {
  local n=$1
  write_settings "$n"
  format "$n"
  # What it said before stays; readiness is looked for after this mark only.
  touch "$(log "$n")"
  wc -c <"$(log "$n")" >"$data/broker-$n/log-mark"
  set_java "${KAFKA_BROKER_HEAP:-384m}"
  # A session of its own: neither the caller's Ctrl-C nor its closed terminal reaches the broker.
  setsid "${java[@]}" kafka.Kafka "$(settings "$n")" </dev/null >>"$(log "$n")" 2>&1 &
  printf '%s\n' "$!" >"$data/broker-$n/pid"
  disown
}

said() { tail -c "+$(($(cat "$data/broker-$1/log-mark") + 1))" "$(log "$1")" | grep -q "$2"; }

# Named outcomes by status: 0 ready, 3 its port was taken, 1 anything else.
await() {
  local n=$1 pid deadline=$((SECONDS + READY_S_MAX))
  pid=$(cat "$data/broker-$n/pid")
  # The line comes after registration with the controller, recovery and unfencing; the port alone opens earlier.
  until said "$n" 'Kafka Server started' && listens "$(broker_port "$n")"; do
    if ! kill -0 "$pid" 2>/dev/null; then
      said "$n" 'Address already in use' && return 3
      tail -n 30 "$(log "$n")" >&2
      printf 'kafka.sh: broker %s ended while starting; all of it is in %s\n' "$n" "$(log "$n")" >&2
      return 1
    fi
    if [ "$SECONDS" -ge "$deadline" ]; then
      printf 'kafka.sh: broker %s is not ready after %s s; see %s\n' "$n" "$READY_S_MAX" "$(log "$n")" >&2
      return 1
    fi
    sleep 0.1
  done
}

end_broker() {
  local n=$1 how=$2 pid deadline=$((SECONDS + STOP_S_MAX))
  pid=$(pid_of "$n") || return 0
  kill "-$how" "$pid" 2>/dev/null || true
  while pid_of "$n" >/dev/null; do
    # Without a quorum a broker waits minutes for a controlled shutdown; what it acknowledged is on disk.
    if [ "$SECONDS" -ge "$deadline" ]; then kill -KILL "$pid" 2>/dev/null || true; fi
    sleep 0.05
  done
  rm -f "$data/broker-$n/pid"
}

# ---- the cluster ------------------------------------------------------------------------------------------

# Ports below the range the system hands to outgoing connections, so that nobody takes a killed broker's.
pick_ports() {
  local count=$(($(brokers) * 2)) base=$1 i free
  if [ "$base" = 0 ]; then
    while :; do
      base=$((20000 + (RANDOM % 6000) * 2))
      free=yes
      for ((i = 0; i < count; i++)); do
        if listens $((base + i)); then free=no; fi
      done
      [ "$free" = yes ] && break
    done
  fi
  for i in $(seq "$(brokers)"); do
    printf 'port.%s=%s\ncontroller.%s=%s\n' "$i" $((base + 2 * i - 2)) "$i" $((base + 2 * i - 1))
  done >"$data/ports"
}

prepare() {
  mkdir -p "$data"
  printf '%s\n' "$1" >"$data/brokers"
  # 16 random bytes in URL-safe Base64, as kafka-storage makes them, without a leading dash.
  head -c 16 /dev/urandom | base64 | tr -d '=\n' | tr '+/' 'AB' >"$data/cluster-id"
  for n in $(seq "$1"); do mkdir -p "$data/broker-$n"; done
}

end_all() {
  local n
  for n in $(seq "$(brokers)"); do end_broker "$n" "$1" & done
  wait
}

bootstrap_servers() {
  local n servers=""
  for n in $(seq "$(brokers)"); do servers+="${servers:+,}127.0.0.1:$(broker_port "$n")"; done
  printf '%s\n' "$servers"
}

start() {
  local n outcome attempt moveable=no
  libs=$(jars)
  if [ -f "$data/cluster-id" ]; then
    [ -z "$wanted_brokers" ] || [ "$wanted_brokers" = "$(brokers)" ] || fail "$data holds $(brokers) broker(s); --brokers can't change that"
    [ -z "$wanted_port" ] || [ "$wanted_port" = 0 ] || [ "$wanted_port" = "$(broker_port 1)" ] || fail "$data uses ports from $(broker_port 1) on; --port can't change that"
    for n in $(seq "$(brokers)"); do
      if pid_of "$n" >/dev/null; then fail "broker $n of $data runs already (pid $(pid_of "$n"))"; fi
    done
  else
    prepare "${wanted_brokers:-1}"
    pick_ports "${wanted_port:-0}"
    [ "${wanted_port:-0}" != 0 ] || moveable=yes
  fi

  for ((attempt = 1; ; attempt++)); do
    # Formatting takes a second each and needs no other broker.
    for n in $(seq "$(brokers)"); do write_settings "$n"; format "$n" & done
    wait
    for n in $(seq "$(brokers)"); do launch "$n"; done
    outcome=0
    for n in $(seq "$(brokers)"); do
      await "$n" || { outcome=$?; break; }
    done
    [ "$outcome" -ne 0 ] || break
    end_all KILL
    # Another cluster took a port between our look and our bind: only a cluster nobody knows yet may move.
    [ "$outcome" = 3 ] && [ "$moveable" = yes ] && [ "$attempt" -lt "$PORT_ATTEMPTS_MAX" ] || {
      [ "$outcome" != 3 ] || fail "a port of $(tr '\n' ' ' <"$data/ports")is taken by another process"
      fail "the cluster in $data did not start"
    }
    pick_ports 0
  done

  if [ -n "$owner" ]; then
    # A zombie has ended too: where nobody reaps orphans, its number stays.
    # shellcheck disable=SC2016 # the inner shell expands its own arguments
    setsid bash -c 'while kill -0 "$1" 2>/dev/null && ! grep -qs "^State:.Z" "/proc/$1/status"; do sleep 0.5; done; exec "$2" stop --now --data "$3"' \
      owner-watch "$owner" "$here/kafka.sh" "$data" </dev/null >/dev/null 2>&1 &
    disown
  fi
  bootstrap_servers
}

status() {
  local n pid all=0
  for n in $(seq "$(brokers)"); do
    if pid=$(pid_of "$n"); then
      printf '%s running 127.0.0.1:%s %s\n' "$n" "$(broker_port "$n")" "$pid"
    else
      printf '%s stopped 127.0.0.1:%s -\n' "$n" "$(broker_port "$n")"
      all=1
    fi
  done
  return "$all"
}

start_broker() {
  if pid_of "$1" >/dev/null; then fail "broker $1 runs already (pid $(pid_of "$1"))"; fi
  libs=$(jars)
  launch "$1"
  await "$1" || fail "broker $1 did not start"
}

# ---- command line -----------------------------------------------------------------------------------------

# A function, read whole before it runs: bash reads a script as it goes, and an edit meanwhile would break a running one.
main() {
  [ $# -gt 0 ] || misused "no command"
  command=$1
  shift
  data=$cache/kafka wanted_brokers="" wanted_port="" owner="" how=TERM number="" libs=""
  while [ $# -gt 0 ]; do
    case $1 in
    --data | --brokers | --port | --owner) [ $# -ge 2 ] || misused "$1 needs a value" ;;
    esac
    case $1 in
    --data) data=$2 && shift 2 ;;
    --brokers) wanted_brokers=$2 && shift 2 ;;
    --port) wanted_port=$2 && shift 2 ;;
    --owner) owner=$2 && shift 2 ;;
    --now) how=KILL && shift ;;
    [1-3]) number=$1 && shift ;;
    *) misused "unknown argument: $1" ;;
    esac
  done
  [[ -z $wanted_brokers || $wanted_brokers == [13] ]] || misused "--brokers is 1 or 3"
  [[ -z $wanted_port || $wanted_port =~ ^[0-9]{1,5}$ && $wanted_port -le 65000 ]] || misused "--port is a number up to 65000"
  [[ -z $owner || $owner =~ ^[0-9]+$ ]] || misused "--owner is a pid"
  case $data in /*) ;; *) data=$PWD/$data ;; esac

  case $command in
  start | fetch) ;;
  stop | status) [ -f "$data/cluster-id" ] || fail "no cluster in $data" ;;
  kill | start-broker)
    [ -f "$data/cluster-id" ] || fail "no cluster in $data"
    [ -n "$number" ] && [ "$number" -le "$(brokers)" ] || misused "$command needs the number of a broker, 1 to $(brokers)"
    ;;
  -h | --help | help) usage && exit 0 ;;
  *) misused "unknown command: $command" ;;
  esac

  case $command in
  fetch) jars ;;
  start) start ;;
  stop) end_all "$how" ;;
  status) status ;;
  kill) end_broker "$number" KILL ;;
  start-broker) start_broker "$number" ;;
  esac
}

main "$@"; exit
