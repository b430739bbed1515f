using System.Net;
using System.Net.Sockets;

namespace RunPod.Worker;

/// <summary>
/// Connects to a host only if all its addresses are allowed, and to those very addresses: a name that answers differently
/// the second time gains nothing.
/// </summary>
internal sealed class GuardedConnection(bool allowsPrivateAddresses)
{
    /// <exception cref="DownloadRejectedException">The host has an address that must not be asked, or none.</exception>
    /// <exception cref="SocketException">None of the addresses accepts a connection.</exception>
    public async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellationToken
    )
    {
        var host = context.DnsEndPoint.Host;
        var addresses = await ResolveAsync(host, cancellationToken).ConfigureAwait(false);
        SocketException? last = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                last = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last!;
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new DownloadRejectedException($"The host '{host}' cannot be found: {e.Message}.");
        }

        if (addresses.Length == 0)
        {
            throw new DownloadRejectedException($"The host '{host}' has no address.");
        }

        // One address that is not public rejects the host: whoever owns the name chose to put it there.
        if (!allowsPrivateAddresses && Array.Exists(addresses, address => !PublicAddress.Is(address)))
        {
            throw new DownloadRejectedException(
                $"The host '{host}' is not on the public internet, so nothing is downloaded from it."
            );
        }

        return addresses;
    }
}
