using System.Net;
using System.Net.Sockets;

namespace RunPod.Worker;

/// <summary>
/// Tells addresses of the public internet from all others, by the special-purpose registries of IANA. A client that chooses
/// a URL must not reach the machine's metadata service, its neighbours, or itself.
/// </summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] NotPublic4 =
    [
        .. "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Concat("192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3".Split(' '))
            .Select(IPNetwork.Parse),
    ];

    /// <summary>All of IPv6 that is given to the public is in here...</summary>
    private static readonly IPNetwork Public6 = IPNetwork.Parse("2000::/3");

    /// <summary>...but for protocols, tunnels (6to4 and Teredo lead to IPv4 addresses) and documents.</summary>
    private static readonly IPNetwork[] NotPublic6 =
    [
        .. "2001::/23 2001:db8::/32 2002::/16 3fff::/20".Split(' ').Select(IPNetwork.Parse),
    ];

    public static bool Is(IPAddress address)
    {
        var real = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return real.AddressFamily switch
        {
            AddressFamily.InterNetwork => !Array.Exists(NotPublic4, network => network.Contains(real)),
            AddressFamily.InterNetworkV6 => Public6.Contains(real)
                && !Array.Exists(NotPublic6, network => network.Contains(real)),
            _ => false,
        };
    }
}
