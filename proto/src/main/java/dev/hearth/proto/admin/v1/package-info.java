/**
 * Hearth's own operator interface, spoken by the command line. Generated from {@code
 * src/main/proto/hearth/admin/v1}.
 */
package dev.hearth.proto.admin.v1;
