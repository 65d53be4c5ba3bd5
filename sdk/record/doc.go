// Package record describes and reads the bytes of one event, as the kernel wrote them.
//
// A [Schema] lists the [Field]s of a stream's records. A field reads its value from a record with [Field.Uint], [Field.Int],
// [Field.Bool], [Field.Bytes], [Field.Time], and renders it with [Field.AppendText] and [Field.AppendJSON]. Reading allocates nothing.
//
// Records come from programs that may be broken or hostile: every read checks the record's length. A field that the
// record is too short for reads as zero or empty; [Field.In] tells the difference.
package record
