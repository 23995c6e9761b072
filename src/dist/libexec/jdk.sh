# Finds a JDK that Hearth runs on. Sourced by the scripts beside it and by ./dev.

# True for the home of a JDK, or of a run-time image, of version 25 or later.
is_jdk25() {
  [ -x "$1/bin/java" ] && [ -r "$1/release" ] || return 1
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release")
  [ "${version:-0}" -ge 25 ]
}

# Sets JAVA_HOME and exports it; keeps the one that is set if it will do.
find_jdk() {
  for candidate in "${JAVA_HOME:-}" /usr/lib/jvm/*25* /usr/lib/jvm/* /opt/*jdk* /opt/java/* \
    "$HOME"/.sdkman/candidates/java/* /usr/local/*jdk*; do
    if is_jdk25 "$candidate"; then
      JAVA_HOME=$candidate
      export JAVA_HOME
      return
    fi
  done
  cat >&2 <<'X'
Hearth needs a JDK 25 or later, and none was found in JAVA_HOME, /usr/lib/jvm, /opt or /usr/local.
Install one, for example Debian's openjdk-25-jdk-headless where it exists or Eclipse Temurin's
temurin-25-jdk (https://adoptium.net), or set JAVA_HOME to where one is.
X
  return 1
}
