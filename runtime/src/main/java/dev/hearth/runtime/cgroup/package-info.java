/** Control groups of every version: limits, statistics, freeze, kill. */
@NullMarked
package dev.hearth.runtime.cgroup;

import org.jspecify.annotations.NullMarked;
