// The resolver inside the jail: every host name gets an address of its own that leads nowhere, and
// nothing is asked of any name server. When the tree connects to such an address the gate knows the
// name again, decides about the name, and only then looks it up outside. So a lookup carries no
// data out (DNS tunnelling), an answer cannot change between decision and use (rebinding), and
// rules and records speak of host names.
//
// Answers A queries; AAAA and everything else gets an empty answer; PTR of its own addresses the
// name. Untrusted input: datagrams of the agent (RFC 1035). Thread safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"
#include "base/result.h"
#include "sys/fd.h"

namespace countersign::jail {

/// Names that one run may ask for; beyond that the answer is SERVFAIL.
inline constexpr std::size_t kNamesMax = 100'000;

class NameTable {
public:
    /// The address (host byte order) that stands for `name`; the same for the same name, whatever
    /// its case. nullopt: the table is full.
    std::optional<std::uint32_t> address_of(const std::string& name) EXCLUDES(lock_);
    /// The name of an address that address_of gave.
    std::optional<std::string> name_of(std::uint32_t address) EXCLUDES(lock_);

private:
    Mutex lock_;
    std::map<std::string, std::uint32_t, std::less<>> addresses_ GUARDED_BY(lock_);
    std::map<std::uint32_t, std::string> names_ GUARDED_BY(lock_);
};

/// The answer to one DNS datagram; empty: none (it is no query). Names are lower-cased; only
/// letters, digits, "-", "_" and "." are names, so that no NUL and no control byte reaches a
/// decision.
std::string answer_query(std::string_view query, NameTable& names);

/// Answers on `socket` (UDP, bound inside the jail) until it is destroyed.
class NameServer {
public:
    static Result<std::unique_ptr<NameServer>> create(sys::Fd socket, NameTable& names);
    /// Use create().
    NameServer(sys::Fd socket, sys::Fd stop, NameTable& names);
    ~NameServer();
    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;

private:
    void serve();

    sys::Fd socket_;
    sys::Fd stop_;
    NameTable& names_;
    std::thread thread_;
};

}  // namespace countersign::jail
