using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RunPod.Worker.Health;

namespace RunPod.Worker.Tests;

public sealed class PingConnectionTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200)]
    [InlineData("HTTP/1.1 503\r\n", 503)]
    [InlineData("HTTP/1.0 204 No Content\n", 204)]
    public async Task The_status_of_an_answer_is_read(string answer, int expected) =>
        (await GetAsync(stream => stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer)))).ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("HTTP/1.1\r\n")]
    public async Task What_is_not_http_is_an_error(string answer) =>
        await Should.ThrowAsync<IOException>(() =>
            GetAsync(stream => stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer)))
        );

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );

        await Should.ThrowAsync<AuthenticationException>(() =>
            GetAsync(
                async stream =>
                {
                    await using var secure = new SslStream(stream);
                    await secure.AuthenticateAsServerAsync(certificate);
                },
                "https"
            )
        );
    }

    /// <summary>Pings a server that reads the request and then does as told.</summary>
    private static async Task<int> GetAsync(Func<NetworkStream, ValueTask> answer, string scheme = "http")
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var pinging = Task.Run(() =>
            PingConnection.Get(new Uri($"{scheme}://localhost:{port}/ping"), "key", "test", TimeSpan.FromSeconds(5))
        );
        using var client = await listener.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        if (scheme is "http")
        {
            _ = await stream.ReadAsync(new byte[4096]);
        }

        try
        {
            await answer(stream);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // The pinging side hung up, which is what its test is about.
        }

        client.Close();
        return await pinging;
    }
}
