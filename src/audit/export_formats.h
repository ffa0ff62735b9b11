// One record in the formats that other programs collect. docs/formats/export.md says which member
// becomes which field. Each gives one line (Csv: a row) that ends with its line break, so that
// lines can be cut and joined; texts of an agent cannot break out of their field.
//
//   Csv     RFC 4180, a header row first; cells that a spreadsheet would compute get a "'" before
//   Cef     ArcSight Common Event Format 0
//   Ocsf    Open Cybersecurity Schema Framework 1.3: process, API and authentication activity
//   Otlp    OpenTelemetry logs, one ExportLogsServiceRequest of OTLP/JSON a line
//   Syslog  RFC 5424, facility 13 (log audit)
//
// Pure; thread safe.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "audit/records.h"
#include "base/result.h"
#include "model/names.h"

namespace countersign::audit {

enum class ExportFormat { Jsonl, Csv, Cef, Ocsf, Otlp, Syslog };
inline constexpr std::array<std::string_view, 6> kExportFormatNames = {"jsonl", "csv",  "cef",
                                                                       "ocsf",  "otlp", "syslog"};
constexpr std::optional<ExportFormat> export_format_from(std::string_view name) {
    return model::value_in<ExportFormat>(kExportFormatNames, name);
}

/// Who exports: what the formats want to know of the sender.
struct ExportSource {
    std::string origin;  ///< the log's
    std::string host;
    std::string version;
};

/// What stands before the first record; empty for most.
std::string export_header(ExportFormat format);

/// Malformed: the record's body is not JSON. Unknown types come out with what every record has.
/// Jsonl is not for here: a line of it is the record's own line.
Result<std::string> export_record(ExportFormat format, const ReadRecord& record,
                                  const ExportSource& source);

}  // namespace countersign::audit
