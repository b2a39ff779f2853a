// Package render writes a lease's statement in the forms that people and their
// tools read: text for terminals, one self-contained HTML page, PDF, CSV, and
// journals for hledger and beancount. A tenant's statement, which sums up those
// of its leases, has the first three; in the others there is all of each lease.
//
// Everything comes from the signed statement, the figures derived from it, and
// a Context of what the statement cannot say of itself; nothing is read from
// anywhere else, no clock is asked, and the same input gives the same bytes; a
// PDF's are compressed, and so are those of the Go version that built it.
// Text, HTML and PDF draw one and the same sheet, so they never say different
// things. Rates and shares are rounded down and upper bounds up, as in the
// documents; exact figures are in CSV, and all of them in the signed JSON.
// Floating point places lines of drawings and decides nothing.
//
// Foreign words, such as a pool's or a user's name, cannot do more than be
// read: what does not print is spelled as Go would quote it, HTML is escaped by
// html/template, and no word in a cell begins like a spreadsheet's formula.
//
// In the forms of the books, amounts are the tenant's: what the provider comes
// to owe is positive, as it is in the statement's balances.
//
// The PDF is written by this package itself: pages of lines, rectangles and
// text in the fonts that every reader of PDF has, which takes a few hundred
// lines. The maintained library for it, codeberg.org/go-pdf/fpdf (0.12.0), is
// 16 700 lines that do a great deal else, requires modules for bar codes
// and for the import of PDF, and leaves the layout of tables to do all
// the same. Characters outside of those fonts' Latin alphabet are spelled by
// their code.
package render
