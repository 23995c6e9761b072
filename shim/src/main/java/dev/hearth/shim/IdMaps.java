package dev.hearth.shim;

/** The maps of a new user namespace, lines as /proc/PID/uid_map takes them, user_namespaces(7). */
public record IdMaps(String users, String groups) {}
