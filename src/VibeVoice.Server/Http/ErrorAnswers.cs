using System.Globalization;
using VibeVoice.Server.Http.Operations;
using VibeVoice.Server.Http.Speaking;

namespace VibeVoice.Server.Http;

/// <summary>Turns what goes wrong into an answer in OpenAI's shape; once a body has begun, the connection is cut.</summary>
internal sealed class ErrorAnswers(RequestDelegate next, Failures failures, ServerMetrics metrics)
{
    /// <summary>What Nginx calls a request whose client has left, here every one whose connection was cut; no answer has it.</summary>
    public const int Cut = 499;

    public async Task InvokeAsync(HttpContext http)
    {
        var status = await AnswerAsync(http);
        if (http.Request.Path == SpeechRoutes.Path)
        {
            metrics.Answered(status);
        }
    }

    /// <returns>The status that it comes to.</returns>
    private async Task<int> AnswerAsync(HttpContext http)
    {
        // Clients keep it and quote it.
        http.Response.Headers["x-request-id"] = http.TraceIdentifier;
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, ContentLength: null, ContentType: null })
            {
                await AnswerStatusAsync(http);
            }

            return http.Response.StatusCode;
        }
        catch (AnsweredException answered)
        {
            return answered.Error.Status;
        }
        catch (Exception exception)
            when (exception is SlowReaderException || http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be answered.
            http.Abort();
            return Cut;
        }
#pragma warning disable CA1031 // The boundary of a request: what gets here is answered or cut, and a bug is logged whole.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            var error = failures.Describe(exception);
            if (!http.Response.HasStarted)
            {
                await WriteAsync(http, error);
                return error.Status;
            }

            // Ended cleanly, half a file would look whole.
            http.Abort();
            return Cut;
        }
    }

    /// <summary>A time as Retry-After tells it: never too short.</summary>
    public static long WholeSeconds(TimeSpan time) => Math.Max(1, (long)Math.Ceiling(time.TotalSeconds));

    public static Task WriteAsync(HttpContext http, ApiException error)
    {
        http.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } wait)
        {
            http.Response.Headers.RetryAfter = WholeSeconds(wait).ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return http.Response.WriteAsJsonAsync(
            error.Body,
            HttpJson.Default.ErrorBody,
            cancellationToken: http.RequestAborted
        );
    }

    /// <summary>Routing leaves a status and no words.</summary>
    private static Task AnswerStatusAsync(HttpContext http)
    {
        var (method, path) = (http.Request.Method, http.Request.Path.Value ?? "/");
        return http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => WriteAsync(http, ApiException.NoRoute(method, path)),
            StatusCodes.Status405MethodNotAllowed => WriteAsync(http, ApiException.NoMethod(method, path)),
            StatusCodes.Status415UnsupportedMediaType => WriteAsync(
                http,
                ApiException.NotJson(http.Request.ContentType)
            ),
            _ => Task.CompletedTask,
        };
    }
}
