/** hearth.toml. */
@NullMarked
package dev.hearth.config;

import org.jspecify.annotations.NullMarked;
