package app.mien;

import android.content.ContentProvider;
import android.content.ContentValues;
import android.content.Context;
import android.database.Cursor;
import android.net.Uri;
import android.os.ParcelFileDescriptor;
import java.io.File;
import java.io.FileNotFoundException;

/** The one file that the phone's camera app may write its picture into: not exported, lent for one picture. */
public final class PictureProvider extends ContentProvider {
    static final Uri TAKEN = Uri.parse("content://app.mien.pictures/taken.jpg");

    static File taken(Context context) {
        return new File(context.getCacheDir(), "taken.jpg");
    }

    @Override
    public boolean onCreate() {
        return true;
    }

    @Override
    public ParcelFileDescriptor openFile(Uri uri, String mode) throws FileNotFoundException {
        if (!TAKEN.equals(uri)) throw new FileNotFoundException(uri.toString());
        return ParcelFileDescriptor.open(taken(getContext()), ParcelFileDescriptor.parseMode(mode));
    }

    @Override
    public String getType(Uri uri) {
        return "image/jpeg";
    }

    @Override
    public Cursor query(Uri uri, String[] columns, String selection, String[] values, String order) {
        return null;
    }

    @Override
    public Uri insert(Uri uri, ContentValues values) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int delete(Uri uri, String selection, String[] values) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int update(Uri uri, ContentValues content, String selection, String[] values) {
        throw new UnsupportedOperationException();
    }
}
