{{%AUTOESCAPE context="HTML"}}
{{>HEAD}}
<section class="hero">
<h1>Every model, every provider, one&nbsp;price&nbsp;list</h1>
<p class="lede">{{MODEL_TOTAL}} models from {{PROVIDER_TOTAL}} providers. Published prices, in US dollars per million tokens.</p>
</section>
<form class="filters" method="get" action="/" role="search" aria-label="Find models">
<div class="field search"><label for="q">Search</label><input id="q" name="q" type="search" value="{{Q}}" placeholder="Name, vendor or id" autocomplete="off" maxlength="100"></div>
<div class="field"><label for="vendor">Vendor</label><select id="vendor" name="vendor"><option value="">All vendors</option>{{#VENDOR}}<option value="{{VALUE}}"{{#SELECTED}} selected{{/SELECTED}}>{{LABEL}}</option>{{/VENDOR}}</select></div>
<div class="field"><label for="type">Type</label><select id="type" name="type"><option value="">All types</option>{{#TYPE}}<option value="{{VALUE}}"{{#SELECTED}} selected{{/SELECTED}}>{{LABEL}}</option>{{/TYPE}}</select></div>
<div class="field"><label for="modality">Reads or writes</label><select id="modality" name="modality"><option value="">Anything</option>{{#MODALITY}}<option value="{{VALUE}}"{{#SELECTED}} selected{{/SELECTED}}>{{LABEL}}</option>{{/MODALITY}}</select></div>
<div class="field"><label for="can">Can</label><select id="can" name="can"><option value="">Anything</option>{{#CAPABILITY}}<option value="{{VALUE}}"{{#SELECTED}} selected{{/SELECTED}}>{{LABEL}}</option>{{/CAPABILITY}}</select></div>
<div class="field price"><label for="max_price">Input up to, $/M</label><input id="max_price" name="max_price" inputmode="decimal" value="{{MAX_PRICE}}" placeholder="Any" maxlength="20"></div>
<div class="field"><label for="sort">Sort by</label><select id="sort" name="sort">{{#SORT}}<option value="{{VALUE}}"{{#SELECTED}} selected{{/SELECTED}}>{{LABEL}}</option>{{/SORT}}</select></div>
<div class="field go"><button type="submit">Show models</button></div>
</form>
<div class="resultbar">
<p class="count" role="status"><strong>{{FOUND}}</strong> {{FOUND_NOUN}}{{#RANGE}}, showing {{FIRST}}–{{LAST}}{{/RANGE}}</p>
{{#CHIPS}}<ul class="chips" aria-label="Active filters">{{#CHIP}}<li><a href="{{URL}}" title="Remove this filter">{{LABEL}}<span aria-hidden="true"> ×</span></a></li>{{/CHIP}}<li><a class="clear" href="/">Clear all</a></li></ul>{{/CHIPS}}
</div>
{{#BAD_PRICE}}<p class="notice" role="alert">The price is not a number such as 0.50, so it was not used.</p>{{/BAD_PRICE}}
{{#NONE}}<div class="empty"><p><strong>No model fits.</strong></p><p>Try fewer filters, or <a href="/">see them all</a>.</p></div>{{/NONE}}
{{#TABLE}}
<table class="grid models">
<caption class="hide">Models, with the lowest price of any provider</caption>
<thead><tr><th scope="col">Model</th><th scope="col">Type</th><th scope="col" class="num">Context</th><th scope="col" class="num">Input <small>/M</small></th><th scope="col" class="num">Output <small>/M</small></th><th scope="col" class="num">Providers</th></tr></thead>
<tbody>
{{#ROW}}<tr>
<th scope="row"><a class="name" href="{{URL}}">{{NAME}}</a><span class="id">{{ID}}</span></th>
<td data-label="Type"><span class="tag t-{{TYPE_CLASS}}">{{TYPE_NAME}}</span></td>
<td data-label="Context" class="num">{{CONTEXT}}</td>
{{#BY_TOKEN}}<td data-label="Input /M" class="num money">{{INPUT}}</td>
<td data-label="Output /M" class="num money">{{OUTPUT}}</td>{{/BY_TOKEN}}{{#BY_UNIT}}<td data-label="Price" class="num money" colspan="2">{{PRICE}} <small>{{PER}}</small></td>{{/BY_UNIT}}
<td data-label="Providers" class="num">{{OFFERINGS}}</td>
</tr>
{{/ROW}}
</tbody>
</table>
{{/TABLE}}
{{#PAGES}}<nav class="pages" aria-label="Pages">{{#PREVIOUS}}<a rel="prev" href="{{URL}}">← Previous</a>{{/PREVIOUS}}<span>Page {{PAGE}} of {{PAGE_TOTAL}}</span>{{#NEXT}}<a rel="next" href="{{URL}}">Next →</a>{{/NEXT}}</nav>{{/PAGES}}
{{>FOOT}}
