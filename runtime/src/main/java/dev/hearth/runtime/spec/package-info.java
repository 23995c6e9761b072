/**
 * Compiles a request, an image's configuration and facts about the node into a launch plan. Pure.
 */
@NullMarked
package dev.hearth.runtime.spec;

import org.jspecify.annotations.NullMarked;
