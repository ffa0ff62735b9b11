// Exfiltration shapes: secret or file content on its way out - in a request, a DNS name, a pipe to
// a connector, or to services that exist to receive it.
#include <algorithm>
#include <array>

#include "inspect/lexical.h"
#include "inspect/programs.h"
#include "inspect/scene.h"

namespace countersign::inspect {
namespace {

using model::EffectKind;
using model::Place;
using model::Severity;

/// Commands whose output is content worth stealing.
constexpr auto kContentReaders = std::to_array<std::string_view>(
    {"cat",     "tac",      "nl",        "head",    "tail",    "less",    "more",
     "env",     "printenv", "set",       "export",  "declare", "tar",     "zip",
     "gzip",    "bzip2",    "xz",        "dd",      "strings", "history", "od",
     "hexdump", "xxd",      "base64",    "base32",  "find",    "grep",    "rg",
     "awk",     "sed",      "mysqldump", "pg_dump", "sqlite3", "gpg",     "security",
     "pass",    "op",       "getent",    "ps",      "netstat", "ss",      "ifconfig",
     "ip",      "arp",      "lsof",      "crontab", "last",    "who",     "w"});

/// Commands that tell who and where one is; a classic first beacon.
constexpr auto kIdentityReaders =
    std::to_array<std::string_view>({"whoami", "id", "hostname", "uname", "groups", "logname"});

constexpr auto kLeakServices = std::to_array<std::string_view>({"webhook.site",
                                                                "requestbin",
                                                                "ngrok.io",
                                                                "ngrok-free.app",
                                                                "ngrok.app",
                                                                "pastebin.com",
                                                                "paste.ee",
                                                                "transfer.sh",
                                                                "0x0.st",
                                                                "file.io",
                                                                "discord.com/api/webhooks",
                                                                "discordapp.com/api/webhooks",
                                                                "api.telegram.org/bot",
                                                                "interact.sh",
                                                                "oast.fun",
                                                                "oast.pro",
                                                                "oast.me",
                                                                "oast.live",
                                                                "oast.site",
                                                                "oast.online",
                                                                "burpcollaborator.net",
                                                                "oastify.com",
                                                                "pipedream.net",
                                                                "ix.io",
                                                                "termbin.com",
                                                                "sprunge.us",
                                                                "hastebin.com",
                                                                "anonfiles.com",
                                                                "gofile.io",
                                                                "bashupload.com",
                                                                "temp.sh",
                                                                "dpaste.org",
                                                                "dpaste.com",
                                                                "rentry.co",
                                                                "beeceptor.com",
                                                                "hookb.in",
                                                                "requestcatcher.com",
                                                                "serveo.net",
                                                                "localtunnel.me",
                                                                "loca.lt",
                                                                "trycloudflare.com",
                                                                "canarytokens.com",
                                                                "dnslog.cn",
                                                                "ceye.io",
                                                                "controlc.com",
                                                                "catbox.moe",
                                                                "hooks.slack.com",
                                                                "wormhole.app",
                                                                "uguu.se",
                                                                "oshi.at"});

constexpr auto kNameLookups =
    std::to_array<std::string_view>({"dig", "nslookup", "host", "drill", "ping", "ping6",
                                     "resolvectl", "getent", "traceroute", "mtr"});

template <std::size_t N>
bool in(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool sends(const Item& item) {
    static constexpr auto kSenders = std::to_array<std::string_view>(
        {"curl",  "wget",     "http",   "https",  "xh",     "scp",      "rsync",
         "sftp",  "ftp",      "tftp",   "mail",   "mailx",  "sendmail", "mutt",
         "swaks", "rclone",   "gh",     "aws",    "gsutil", "ssh",      "smbclient",
         "lftp",  "ncftpput", "telnet", "finger", "whois",  "logger"});
    return in(kSenders, item.name) || is_connector(item);
}

bool reads_secret(const model::Effect& effect) {
    return effect.kind == EffectKind::SecretRead ||
           (effect.kind == EffectKind::Read && effect.place == Place::Secret);
}

bool command_reads_secret(const Scene& scene, std::size_t command) {
    const auto& effects = scene.effects();
    return std::any_of(effects.begin(), effects.end(), [&](const model::Effect& effect) {
        return effect.command == command && reads_secret(effect);
    });
}

bool talks_to_other_machines(const Scene& scene, std::size_t command) {
    bool any = false;
    bool local_only = true;
    for (const model::Effect& effect : scene.effects()) {
        const bool network = effect.kind == EffectKind::Upload ||
                             effect.kind == EffectKind::Download ||
                             effect.kind == EffectKind::Connect;
        if (effect.command == command && network) {
            any = true;
            local_only = local_only && effect.place == Place::Loopback;
        }
    }
    return !any || !local_only;
}

/// "--env-file", "-h" ... say nothing: only readers that print file or environment content count.
bool prints_content(const Item& item) {
    if (item.name == "cat" || item.name == "head" || item.name == "tail") {
        return !item.words.empty();
    }
    return in(kContentReaders, item.name);
}

void find_flows(const Scene& scene, Sink& sink) {
    for (std::size_t i = 0; i < scene.items().size(); ++i) {
        const Item& item = scene.items()[i];
        const bool lookup = in(kNameLookups, item.name);
        if ((!sends(item) && !lookup) || !talks_to_other_machines(scene, i)) {
            continue;
        }
        const std::vector<std::size_t> inner = scene.substituted(i);
        const std::vector<std::size_t> piped =
            lookup ? std::vector<std::size_t>() : scene.upstream(i);
        for (const std::vector<std::size_t>* const list : {&inner, &piped}) {
            for (const std::size_t from : *list) {
                const Item& source = scene.items()[from];
                if (command_reads_secret(scene, from)) {
                    sink.add("exfiltration", Severity::Critical, item.span,
                             "a secret read by " + source.name + " goes out through " + item.name);
                } else if (prints_content(source) &&
                           (list == &inner || is_connector(item) || source.name == "env" ||
                            source.name == "printenv")) {
                    sink.add("exfiltration", Severity::High, item.span,
                             "what " + source.name + " prints goes out through " + item.name);
                } else if (in(kIdentityReaders, source.name) && (lookup || list == &inner)) {
                    sink.add("beacon", lookup ? Severity::High : Severity::Medium, item.span,
                             "tells another machine what " + source.name + " prints");
                }
            }
        }
    }
}

/// curl -d @FILE, -T FILE, -F x=@FILE of a file that is a secret.
void find_sent_secrets(const Scene& scene, Sink& sink) {
    for (std::size_t i = 0; i < scene.items().size(); ++i) {
        const Item& item = scene.items()[i];
        if (sends(item) && command_reads_secret(scene, i) && talks_to_other_machines(scene, i) &&
            item.name != "ssh" && item.name != "gh") {
            const bool as_login = item.name == "scp" || item.name == "rsync" || item.name == "sftp";
            if (!as_login) {
                sink.add("exfiltration", Severity::Critical, item.span,
                         item.name + " sends the content of a secret file");
            }
        }
    }
}

void find_leak_services(const Scene& scene, Sink& sink) {
    for (const Item& item : scene.items()) {
        if (!sends(item) && !is_interpreter(item.name) && !in(kNameLookups, item.name)) {
            continue;
        }
        const std::string folded = fold(joined(item));
        for (const std::string_view service : kLeakServices) {
            if (contains(folded, service)) {
                sink.add("leak_service", Severity::High, item.span,
                         "talks to " + std::string(service) +
                             ", a service that anyone can receive data with");
                break;
            }
        }
    }
}

/// Inline programs that read a secret and open a connection.
void find_program_leaks(const Scene& scene, Sink& sink) {
    static constexpr auto kSecrets = std::to_array<std::string_view>({".ssh/",
                                                                      "id_rsa",
                                                                      "id_ed25519",
                                                                      ".aws/credentials",
                                                                      "/etc/shadow",
                                                                      ".netrc",
                                                                      ".pgpass",
                                                                      ".kube/config",
                                                                      ".docker/config.json",
                                                                      ".git-credentials",
                                                                      ".npmrc",
                                                                      ".pypirc",
                                                                      "os.environ",
                                                                      "process.env",
                                                                      "getenv()",
                                                                      "env.to_h",
                                                                      "%env",
                                                                      "/proc/self/environ",
                                                                      ".gnupg",
                                                                      "login data",
                                                                      "cookies.sqlite",
                                                                      "wallet.dat",
                                                                      ".bash_history"});
    static constexpr auto kSends = std::to_array<std::string_view>({"requests.post",
                                                                    "requests.put",
                                                                    "urlopen",
                                                                    "http.client",
                                                                    "fetch(",
                                                                    "axios",
                                                                    "net::http",
                                                                    "curl_exec",
                                                                    "lwp::",
                                                                    "socket",
                                                                    "smtplib",
                                                                    "http.request",
                                                                    "https.request",
                                                                    "httpx",
                                                                    "aiohttp",
                                                                    "file_get_contents('http",
                                                                    "file_get_contents(\"http",
                                                                    "ftplib",
                                                                    "paramiko",
                                                                    "urllib"});
    for (const Item& item : scene.items()) {
        if (!is_interpreter(item.name)) {
            continue;
        }
        for (const std::string& text : program_texts(item)) {
            const std::string folded = fold(text);
            if (contains_any(folded, kSecrets) && contains_any(folded, kSends)) {
                sink.add("exfiltration", Severity::High, item.span,
                         "a program reads a secret and talks to the network");
            }
        }
    }
}

}  // namespace

void find_leaks(const Scene& scene, Sink& sink) {
    find_flows(scene, sink);
    find_sent_secrets(scene, sink);
    find_leak_services(scene, sink);
    find_program_leaks(scene, sink);
}

}  // namespace countersign::inspect
