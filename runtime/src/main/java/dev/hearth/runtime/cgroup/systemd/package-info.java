/** systemd as D-Bus has it. Loaded only where systemd makes the control groups. */
@NullMarked
package dev.hearth.runtime.cgroup.systemd;

import org.jspecify.annotations.NullMarked;
