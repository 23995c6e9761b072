# Starts a program of Hearth in this process. Sourced by bin/hearthd and bin/hearth, which set
# `home`, the folder above bin.
set -eu
: "${HOME:=/root}"
. "$home/libexec/jdk.sh"

# launch NAME MAIN_CLASS FLAGS ARGUMENT...
launch() {
  name=$1 main=$2 flags=$3
  shift 3
  find_jdk || exit 1

  # Sorted by the shell, so that the path is the one the archive was made with.
  path=
  for jar in "$home"/lib/*.jar; do path=$path:$jar; done

  # Classes already loaded and linked, made when this tree was built. Its name holds a hash of the
  # jars because the JVM does not always notice that a jar has changed.
  for archive in "$home/lib/$name"-*.aot; do
    [ -r "$archive" ] && flags="$flags -XX:AOTCache=$archive"
  done

  for library in "$home"/lib/native/libzstd-jni-*.so; do
    flags="$flags -DZstdNativePath=$library"
  done

  # glibc gives every thread its own heap, which for a JVM's many threads is memory lost.
  export MALLOC_ARENA_MAX=1

  # The archive goes to the address it was made for: moved elsewhere, each of its pages would be this
  # process's own (docs/adr/0005-the-daemons-jvm.md). What training noted of hot methods is left aside: compiling
  # them all at once slows the start. A later JVM may not know these options any more.
  flags="$flags -XX:+IgnoreUnrecognizedVMOptions -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 -XX:-AOTReplayTraining"

  # shellcheck disable=SC2086 # flags are words without spaces
  exec "$JAVA_HOME/bin/java" \
    --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
    -XX:+UseSerialGC -XX:+UseCompactObjectHeaders \
    -Djava.library.path="$home/lib/native" \
    -Djna.boot.library.path="$home/lib/native" -Djna.nounpack=true \
    -Dio.netty.jfr.enabled=false -Dio.netty.allocator.type=unpooled \
    -Dhearth.home="$home" -cp "${path#:}" $flags ${HEARTH_JAVA_OPTS:-} "$main" "$@"
}
