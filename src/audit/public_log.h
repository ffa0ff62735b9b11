// The log in its public form: the static files of C2SP tlog-tiles, which any web server can serve
// and any tlog-tiles client can mirror and check. The gateway makes single files on request
// (Log::public_file); here they are written out all together, from a log's files alone.
//
// Not thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/files.h"
#include "base/result.h"

namespace countersign::audit {

/// An entry bundle: each entry after its length, two bytes, the most significant first. Entries are
/// at most kEntryBytesMax long (CHECK).
std::string entry_bundle(const std::vector<std::string>& entries);
/// The entries of a bundle; nullopt: not a bundle.
std::optional<std::vector<std::string>> parse_entry_bundle(std::string_view bytes);

struct PublishReport {
    std::uint64_t records = 0;  ///< as many as the checkpoint covers
    std::uint64_t written = 0;  ///< files that were not there yet
    std::string checkpoint;
};

/// Writes what the newest checkpoint covers into the directory `target`: "checkpoint" (last, so
/// that a reader never sees one whose tiles are missing), "tile/...", "blobs/...". Files that are
/// there with the right length are left alone, so a repetition costs one pass over the log. Takes
/// no lock: may run beside a gateway. NotFound: no log, or no checkpoint yet. Corrupt: the records
/// are not those of the checkpoint; what was written until then is of no use.
Result<PublishReport> publish_log(Files& files, const std::string& directory,
                                  const std::string& target);

}  // namespace countersign::audit
