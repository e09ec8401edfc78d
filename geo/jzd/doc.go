// Package jzd reads and writes the boundary-point text files (界址点坐标交换格式, TXT)
// in which land departments hand parcels to each other:
//
//	[属性描述]
//	坐标系=2000国家大地坐标系
//	几度分带=3
//	投影类型=高斯克吕格
//	计量单位=米
//	带号=40
//	精度=0.001
//	转换参数=,,,,,,
//	[地块坐标]
//	5,0.0100,1,地块1,面,H-50-1,居住用地,,@
//	J1,1,3190000.000,40500000.000
//	J2,1,3190010.000,40500000.000
//	…
//	J1,1,3190000.000,40500000.000
//
// A parcel's line has count of points, area (hectares by custom), number, name, type of
// geometry, map sheet, use, land-use code and "@"; each of its points has label, part,
// X and Y. X is the northing and Y the easting: in records they stand y behind x, as
// everywhere else, so that a point is {Y, X} of the file.
//
// # Reading
//
// [Open] runs over the file once for its header, its encoding and the size of its
// numbers; [File.Features] runs over it again and streams one record for each parcel.
// Memory holds one parcel. Polygons follow the rules of package shapefile: the parts are
// rings, and which of them is a hole is decided by containment, not by number.
//
// A file that cannot be read as a whole ends in a *[geo.Error]. Everything else that is
// noticed is a [geo.Violation], with the number of the line:
//
//	part that does not end with its first point  closed, Notice
//	ring that goes on behind its last point      a further ring, Warning
//	part number that comes back                  Refusal
//	first label again at another place           Refusal
//	count of points that is wrong                Refusal; it may count closing points or not
//	line with other columns, or no number        Refusal
//	text that cannot be decoded                  Refusal
//	parcel that is not an area                   Refusal
//	count of points missing                      Warning
//	last line cut within a number                Warning, as nobody can tell
//
// Nothing is dropped in silence: File.Records = records yielded + File.Refused. The one
// loss that cannot be seen is that of whole parcels at the end, as no file says how many
// there are.
//
// The conversion parameters that a header can hold (转换参数) tie a local system to the
// national one and are classified: they are neither read nor kept, with a Warning.
package jzd
