// Changes to what watches or bounds the agent: persistence, rights, history and logs, security
// tools, this gateway.
#include <algorithm>
#include <array>

#include "inspect/lexical.h"
#include "inspect/programs.h"
#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::EffectKind;
using model::Place;
using model::Redirection;
using model::Severity;

constexpr auto kSecurityTools =
    std::to_array<std::string_view>({"auditd",         "apparmor",
                                     "firewalld",      "ufw",
                                     "falcon-sensor",  "clamav",
                                     "clamav-daemon",  "clamd",
                                     "freshclam",      "fail2ban",
                                     "rsyslog",        "syslog",
                                     "syslog-ng",      "syslogd",
                                     "rsyslogd",       "sshguard",
                                     "osqueryd",       "wazuh-agent",
                                     "ossec",          "mdatp",
                                     "cbdaemon",       "carbonblack",
                                     "crowdstrike",    "sentinelone",
                                     "sentinelctl",    "selinux",
                                     "iptables",       "ip6tables",
                                     "nftables",       "aide",
                                     "tripwire",       "snort",
                                     "suricata",       "systemd-journald",
                                     "journald",       "auditbeat",
                                     "filebeat",       "splunk",
                                     "sysmon",         "littlesnitch",
                                     "sophos",         "falco",
                                     "aliyun",         "aegis",
                                     "cloudmonitor",   "antivirus",
                                     "defender",       "tmlisten",
                                     "opendirectoryd", "syspolicyd"});

constexpr auto kStoppers = std::to_array<std::string_view>(
    {"systemctl", "service", "launchctl", "pkill", "killall", "rc-service", "update-rc.d",
     "chkconfig", "kill", "initctl", "esxcli", "invoke-rc.d", "snap"});

constexpr auto kStopWords =
    std::to_array<std::string_view>({"stop", "disable", "mask", "unload", "remove", "off", "kill",
                                     "bootout", "-9", "disable-service"});

constexpr auto kHistoryVariables = std::to_array<std::string_view>(
    {"HISTFILE", "HISTSIZE", "HISTFILESIZE", "HISTCONTROL", "HISTIGNORE", "HISTTIMEFORMAT"});

template <std::size_t N>
bool in(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_history_file(std::string_view path) {
    return path.ends_with("_history") || path.ends_with("/.history") || path == ".history" ||
           contains(path, ".zsh_sessions");
}

bool is_log_path(std::string_view path) {
    return path.starts_with("/var/log") || path.starts_with("/var/run/utmp") ||
           path.starts_with("/private/var/log") || path.starts_with("/var/audit") ||
           path.starts_with("/var/adm/") || path.starts_with("/var/spool/mail") ||
           path.starts_with("/Library/Logs") || contains(path, "wtmp") || contains(path, "btmp");
}

void find_history(const Item& item, Sink& sink) {
    const bool clears =
        item.name == "history" && (has_short_option(item, 'c') || has_short_option(item, 'd'));
    const bool switches = item.name == "set" && has_word(item, "+o") && has_word(item, "history");
    const bool shopt = item.name == "shopt" && has_word(item, "-ou") && has_word(item, "history");
    if (clears || switches || shopt) {
        sink.add("history_tampering", Severity::High, item.span, "hides what the shell ran");
    }
    const bool forgets = item.name == "unset" || item.name == "export" || item.name == "declare" ||
                         item.name == "typeset";
    for (const std::string& word : item.words) {
        const std::string name = word.substr(0, word.find('='));
        const bool sets = contains(word, "=") || item.name == "unset" || item.name == "declare";
        if (forgets && sets && in(kHistoryVariables, name)) {
            sink.add("history_tampering", Severity::High, item.span, "changes " + name);
        }
    }
    for (const model::Assignment& assignment : item.command->assignments) {
        if (in(kHistoryVariables, assignment.name)) {
            sink.add("history_tampering", Severity::High, item.span, "changes " + assignment.name);
        }
    }
}

bool changes_files(const Item& item) {
    static constexpr auto kChangers = std::to_array<std::string_view>(
        {"rm", "shred", "unlink", "truncate", "cp",   "mv",    "ln",
         "dd", "sed",   "chattr", "srm",      "wipe", "touch", "vim",
         "vi", "ed",    "tee",    "rmdir",    "perl", "chmod", "utmpdump"});
    return in(kChangers, item.name);
}

void find_logs(const Item& item, Sink& sink) {
    const auto report = [&](std::string_view path) {
        if (is_history_file(path)) {
            sink.add("history_tampering", Severity::High, item.span,
                     "changes a shell's history file");
        } else if (is_log_path(path)) {
            sink.add("log_tampering", Severity::High, item.span, "changes or deletes logs");
        }
    };
    for (const Redirection& redirection : item.command->redirections) {
        const bool writes = redirection.kind == Redirection::Kind::Write ||
                            redirection.kind == Redirection::Kind::Append;
        if (writes && redirection.target.value.has_value()) {
            const bool append_own_log = redirection.kind == Redirection::Kind::Append &&
                                        !is_history_file(*redirection.target.value);
            if (!append_own_log) {
                report(*redirection.target.value);
            }
        }
    }
    if (changes_files(item)) {
        for (const std::string& word : item.words) {
            report(word);
        }
    }
    const std::string words = joined(item);
    const bool vacuum =
        item.name == "journalctl" && (contains(words, "--vacuum") || contains(words, "--rotate"));
    const bool audit = (item.name == "auditctl" &&
                        (has_word(item, "-D") || has_word(item, "-e") || has_word(item, "-d"))) ||
                       (item.name == "log" && has_word(item, "erase")) || item.name == "logwipe";
    const bool kernel =
        item.name == "dmesg" &&
        (has_short_option(item, 'c') || has_short_option(item, 'C') || has_word(item, "--clear"));
    if (vacuum || audit || kernel) {
        sink.add("log_tampering", Severity::High, item.span, "clears or switches off logs");
    }
}

void find_security_tools(const Item& item, Sink& sink) {
    const Folded folded = fold(joined(item));
    const auto names_tool = [&] {
        return std::any_of(kSecurityTools.begin(), kSecurityTools.end(),
                           [&](std::string_view tool) { return contains(folded, tool); });
    };
    const bool stops = in(kStoppers, item.name) &&
                       (item.name == "pkill" || item.name == "killall" ||
                        std::any_of(item.words.begin(), item.words.end(),
                                    [](const std::string& word) { return in(kStopWords, word); }));
    const bool disables =
        item.name == "setenforce" || item.name == "aa-disable" || item.name == "aa-teardown" ||
        item.name == "aa-complain" || (item.name == "ufw" && has_word(item, "disable")) ||
        (item.name == "spctl" && contains(folded, "disable")) ||
        (item.name == "csrutil" && contains(folded, "disable")) || (item.name == "sentinelctl") ||
        (item.name == "fdesetup" && has_word(item, "disable")) ||
        (item.name == "tmutil" && contains(folded, "disable")) ||
        (item.name == "sysctl" && contains(folded, "randomize_va_space")) ||
        ((item.name == "iptables" || item.name == "ip6tables") &&
         (has_word(item, "-F") || has_word(item, "--flush") || has_word(item, "-P"))) ||
        (item.name == "nft" && contains(folded, "flush")) ||
        (item.name == "apt-get" || item.name == "apt" || item.name == "yum" || item.name == "dnf" ||
                 item.name == "rpm" || item.name == "dpkg"
             ? (contains(folded, "remove") || contains(folded, "purge") || has_word(item, "-e") ||
                contains(folded, "erase")) &&
                   names_tool()
             : false);
    if (disables || (stops && names_tool())) {
        sink.add("security_disabled", Severity::High, item.span,
                 "switches off a security mechanism");
    }
}

void find_rights(const Item& item, Sink& sink) {
    const std::string words = joined(item);
    const bool set_id =
        item.name == "chmod" &&
        std::any_of(item.words.begin(), item.words.end(), [](const std::string& word) {
            const bool octal = word.size() == 4 &&
                               word.find_first_not_of("01234567") == std::string::npos &&
                               word[0] >= '2' && word[0] != '1';
            return octal || contains(word, "+s") || contains(word, "u=s") || contains(word, "g+s");
        });
    const bool capability = item.name == "setcap" || item.name == "visudo";
    const bool group = (item.name == "usermod" || item.name == "gpasswd" ||
                        item.name == "adduser" || item.name == "dseditgroup") &&
                       (contains_word(words, "sudo") || contains_word(words, "wheel") ||
                        contains_word(words, "docker") || contains_word(words, "admin") ||
                        contains_word(words, "root"));
    const bool host_container =
        (item.name == "docker" || item.name == "podman" || item.name == "nerdctl") &&
        (contains(words, "--privileged") || contains(words, "-v /:") ||
         contains(words, "--volume /:") || contains(words, "--pid=host") ||
         contains(words, "--pid host") || contains(words, "docker.sock") ||
         contains(words, "--cap-add=SYS_ADMIN") || contains(words, "--cap-add=ALL"));
    const bool enters =
        item.name == "nsenter" &&
        (contains(words, "-t 1") || contains(words, "-t1") || contains(words, "--target 1"));
    if (set_id || capability || group || host_container || enters) {
        sink.add("privilege_change", Severity::High, item.span,
                 "gives lasting or host-wide rights");
    }
}

/// An agent that answers its own questions, or stops what asks them.
void find_gateway(const Item& item, Sink& sink) {
    static constexpr auto kOperatorVerbs = std::to_array<std::string_view>(
        {"approve", "deny", "rules", "policy", "thaw", "freeze", "incident", "session", "enroll",
         "approvers", "stop", "vote"});
    const bool own = item.name == "countersign" || item.name == "countersignd";
    if (own && !item.words.empty() && in(kOperatorVerbs, item.words.front())) {
        sink.add("gateway_tampering", Severity::Critical, item.span,
                 "an agent may not decide for the people who watch it");
        return;
    }
    const std::string words = joined(item);
    const bool stops = in(kStoppers, item.name) && contains(words, "countersign");
    const bool variable = (item.name == "unset" && contains(words, "COUNTERSIGN_")) ||
                          (item.name == "env" && contains(words, "-u COUNTERSIGN_"));
    if (stops || variable) {
        sink.add("gateway_tampering", Severity::Critical, item.span, "acts against this gateway");
    }
}

void find_persistence(const Scene& scene, Sink& sink) {
    for (const model::Effect& effect : scene.effects()) {
        const bool writes = effect.kind == EffectKind::Write || effect.kind == EffectKind::Create ||
                            effect.kind == EffectKind::Rename;
        const bool starts_later = effect.place == Place::Startup || effect.place == Place::Schedule;
        if (effect.kind == EffectKind::Persist || (writes && starts_later)) {
            sink.add("persistence", Severity::High, effect.span,
                     "stays active after this action: " + effect.target.substr(0, 200));
        }
    }
}

void find_timestamps(const Item& item, Sink& sink) {
    const bool copies = item.name == "touch" &&
                        (has_word(item, "-r") || has_word_prefix(item, "--reference") ||
                         has_word(item, "-d") || has_word(item, "-t") || has_word(item, "-acmr"));
    if (copies) {
        sink.add("timestamp_change", Severity::Low, item.span, "sets a file's times by hand");
    }
}

}  // namespace

void find_tampering(const Scene& scene, Sink& sink) {
    for (const Item& item : scene.items()) {
        find_history(item, sink);
        find_logs(item, sink);
        find_security_tools(item, sink);
        find_rights(item, sink);
        find_gateway(item, sink);
        find_timestamps(item, sink);
    }
    find_persistence(scene, sink);
}

}  // namespace countersign::inspect
