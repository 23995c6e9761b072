/**
 * A kubelet and a cluster of one node on Hearth. These tests are tagged {@code kubernetes} and run
 * with {@code ./dev test --kubernetes}, where the programs of Kubernetes are on this machine.
 */
@NullMarked
package dev.hearth.kubernetes;

import org.jspecify.annotations.NullMarked;
